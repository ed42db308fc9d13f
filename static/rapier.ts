/** A Vite plugin: Rapier's WebAssembly becomes a file of its own, which the browser fetches, unpacks and keeps like any other. */
import type { Plugin } from 'vite';

/** The package imports its .wasm as if it were a script, which no browser does yet; this says how instead. */
const DOOR = `
import * as glue from './rapier_wasm3d_bg.js';
import address from './rapier_wasm3d_bg.wasm?url';
const { instance } = await WebAssembly.instantiateStreaming(fetch(address), { './rapier_wasm3d_bg.js': glue });
glue.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start?.();
export * from './rapier_wasm3d_bg.js';
`;

export function rapierFile(): Plugin {
  return {
    name: 'worldloom-rapier',
    enforce: 'pre',
    load: (id) => (id.endsWith('/@dimforge/rapier3d/rapier_wasm3d.js') ? DOOR : null),
  };
}
