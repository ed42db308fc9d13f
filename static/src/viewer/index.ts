/** The viewer: a world to walk in. Loaded only by those who enter one. */
export { default as Viewer } from './Viewer.svelte';
