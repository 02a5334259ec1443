// The servers that help links through NATs and firewalls, as a browser takes them. Pure.

import type { ICEServer } from './signal.gen';

/** In addresses of servers "*" stands for the host that the page came from. */
export function serversOf(list: readonly ICEServer[] | undefined, host: string): RTCIceServer[] {
  return (list ?? []).map(({ urls, username, credential }) => ({
    urls: urls.map((url) => url.replace(/^(turns?:)\*/, `$1${host}`)),
    username,
    credential,
  }));
}
