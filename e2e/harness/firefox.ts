// A Firefox with a person in it. Playwright cannot drive Debian's Firefox; Puppeteer can.

import { existsSync } from 'node:fs';
import { launch, type Browser, type Page } from 'puppeteer-core';
import { firefoxPath } from './browsers';
import { watchConnections } from './probe/connections';
import { watchPictures } from './probe/pictures';
import type { Look } from './probe/types';

const wait = 20_000;

export class FirefoxPerson {
  readonly errors: string[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly page: Page,
  ) {
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
  }

  static async arrive(url: string): Promise<FirefoxPerson> {
    if (!existsSync(firefoxPath)) throw new Error(`There is no Firefox at ${firefoxPath}: run e2e/browsers.sh`);
    const browser = await launch({
      browser: 'firefox',
      executablePath: firefoxPath,
      headless: true,
      extraPrefsFirefox: {
        'media.navigator.streams.fake': true,
        'media.navigator.permission.disabled': true,
        'media.peerconnection.ice.loopback': true,
        'media.peerconnection.ice.obfuscate_host_addresses': false,
        'media.autoplay.default': 0,
      },
    });
    const page = await browser.newPage();
    const person = new FirefoxPerson(browser, page);
    await page.evaluateOnNewDocument(watchConnections);
    await page.evaluateOnNewDocument(watchPictures);
    await page.goto(url);
    return person;
  }

  async join(name: string): Promise<void> {
    await this.page.locator('::-p-aria([name="Your name"][role="textbox"])').setTimeout(wait).fill(name);
    await this.page.locator('::-p-aria([name="Join"][role="button"])').setTimeout(wait).click();
    await this.page.waitForSelector('[role="region"][aria-label="Call"]', { timeout: wait });
  }

  /** What the tile of a person shows now. */
  look(name: string): Promise<Look> {
    return this.page.evaluate((label) => {
      const tile = document.querySelector(`[aria-label="Call"] [role="group"][aria-label^="${label}"]`);
      return tile
        ? window.probe.look(tile)
        : { frames: 0, width: 0, height: 0, pixels: [], hue: -1, elements: 0 };
    }, name);
  }

  /** Of the sound that came in. Without a sound card Firefox plays nothing, so there is nothing to listen to. */
  energy(): Promise<number> {
    return this.page.evaluate(async () => {
      const all = await window.probe.inbound();
      return all.reduce((sum, one) => sum + one.energy, 0);
    });
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
