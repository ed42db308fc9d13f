/** Viewer: the world itself, loaded only by those who enter one. */
export { default as Viewer } from './Viewer.svelte';
