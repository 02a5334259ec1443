// The browsers of the system, started with the flags that give each page a camera and a microphone
// that are not there.

import { existsSync } from 'node:fs';
import { chromium, type Browser } from '@playwright/test';

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What a browser has got, and how it answers when a page asks for it. */
export const kinds = {
  usual: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
  // The second camera of Chromium's gives depth, which nothing can encode: take the first or the third.
  threeCameras: ['--use-fake-device-for-media-stream=device-count=3', '--use-fake-ui-for-media-stream'],
  noCamera: ['--use-fake-device-for-media-stream=device-count=0', '--use-fake-ui-for-media-stream'],
  noDevices: ['--use-fake-ui-for-media-stream'],
  denied: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream=deny'],
} as const;

export type Kind = keyof typeof kinds;

export const chromiumPath = process.env.PARLEY_CHROMIUM ?? '/usr/bin/chromium';
export const firefoxPath = process.env.PARLEY_FIREFOX ?? '/usr/bin/firefox-esr';

/** The flags of a Chromium with a camera and a microphone. */
export const usualFlags: readonly string[] = [...quiet, ...kinds.usual];

/** Starts a Chromium. `name.test` leads to this machine, as a page that is not secure. */
export function launch(kind: Kind, more: { executablePath?: string; env?: Record<string, string> } = {}): Promise<Browser> {
  if (!existsSync(chromiumPath)) throw new Error(`There is no Chromium at ${chromiumPath}: run e2e/browsers.sh`);
  return chromium.launch({
    executablePath: more.executablePath ?? chromiumPath,
    ...(more.env && { env: { ...(process.env as Record<string, string>), ...more.env, PARLEY_CHROMIUM: chromiumPath } }),
    args: [...quiet, ...kinds[kind], '--host-resolver-rules=MAP name.test 127.0.0.1'],
  });
}

/** Browsers that stay open between tests, one of each kind that was asked for. */
export class Browsers {
  private readonly open = new Map<Kind, Promise<Browser>>();

  get(kind: Kind): Promise<Browser> {
    const known = this.open.get(kind);
    if (known) return known;
    const started = launch(kind);
    this.open.set(kind, started);
    return started;
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map(async (browser) => (await browser).close()));
  }
}
