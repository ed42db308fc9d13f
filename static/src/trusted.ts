/** The one policy under which this page starts scripts of its own: only files that our own server sent. */

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL: (address: string) => string }): { createScriptURL: (address: string) => unknown };
}

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
const policy = factory?.createPolicy('worldloom', { createScriptURL: ownAddress });

/** The address of a worker of ours, in the form that browsers with Trusted Types ask for; throws for anybody else's. */
export function workerAddress(address: string | URL): string {
  return (policy ? policy.createScriptURL(String(address)) : ownAddress(String(address))) as string;
}

function ownAddress(address: string): string {
  const url = new URL(address, location.href);
  if (url.origin !== location.origin) throw new TypeError(`no script is started from ${url.origin}`);
  return url.href;
}
