// A person whom Playwright cannot play: in Debian's Firefox, or in a Chromium tab that is really hidden
// behind another one. Puppeteer can.

import { existsSync } from 'node:fs';
import { launch, type Browser, type Page } from 'puppeteer-core';
import { chromiumPath, firefoxPath, usualFlags } from './browsers';
import { watchConnections } from './probe/connections';
import { watchPictures } from './probe/pictures';
import type { Look } from './probe/types';

const wait = 20_000;

export class Puppet {
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

  /** Opens a page in Firefox. */
  static async firefox(url: string): Promise<Puppet> {
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
    return Puppet.arrive(browser, url);
  }

  /** Opens a page in Chromium, which may be hidden later. */
  static async chromium(url: string): Promise<Puppet> {
    const browser = await launch({
      executablePath: chromiumPath,
      headless: true,
      args: [...usualFlags],
      ignoreDefaultArgs: ['--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding', '--disable-background-timer-throttling'],
    });
    return Puppet.arrive(browser, url);
  }

  private static async arrive(browser: Browser, url: string): Promise<Puppet> {
    const page = await browser.newPage();
    const person = new Puppet(browser, page);
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

  /** Opens another tab in front of the page, and returns when the page knows that it is hidden. */
  async hide(): Promise<void> {
    const front = await this.browser.newPage();
    await front.bringToFront();
    await this.page.waitForFunction(() => document.visibilityState === 'hidden', { timeout: wait, polling: 100 });
  }

  /** Brings the page to the front again. */
  async show(): Promise<void> {
    await this.page.bringToFront();
    await this.page.waitForFunction(() => document.visibilityState === 'visible', { timeout: wait, polling: 100 });
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

  /** The words about the connection. */
  connection(): Promise<string> {
    return this.page.evaluate(() => document.querySelector('[role="status"][aria-label="Connection"]')?.textContent ?? '');
  }

  /** How many connections are open. */
  open(): Promise<number> {
    return this.page.evaluate(() => window.probe.connections.filter((one) => one.connectionState === 'connected').length);
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
