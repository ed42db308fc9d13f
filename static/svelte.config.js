/** Svelte's settings: runes only. */
export default { compilerOptions: { runes: true } };
