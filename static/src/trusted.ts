/** The one policy under which scripts are started here, Spark's workers among them: from our own server, or from what this page has made. */

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL: (address: string) => string }): unknown;
}

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
factory?.createPolicy('default', { createScriptURL: ownAddress });

function ownAddress(address: string): string {
  const url = new URL(address, location.href); // the origin of a blob: address is that of the page that made it
  if (url.origin !== location.origin) throw new TypeError(`no script is started from ${url.protocol}//${url.host}`);
  return address;
}
