// A person with a browser of their own, as they act and as they see, by accessible names alone.

import { expect, type BrowserContext, type CDPSession, type Locator, type Page } from '@playwright/test';
import type { Look } from './probe/types';

/** How many frames more than before count as moving: two thirds of a second of a slow camera. */
const someFrames = 10;

export class Person {
  readonly call: Locator;
  readonly controls: Locator;
  readonly connection: Locator;
  readonly news: Locator;
  private session: Promise<CDPSession> | undefined;

  constructor(
    readonly name: string,
    readonly page: Page,
    readonly context: BrowserContext,
  ) {
    this.call = page.getByRole('region', { name: 'Call', exact: true });
    this.controls = page.getByRole('toolbar', { name: 'Call controls', exact: true });
    this.connection = page.getByRole('status', { name: 'Connection', exact: true });
    this.news = page.getByRole('log', { name: 'Who comes and goes', exact: true });
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** Joins from the lobby, and returns when the room is there. */
  async join(): Promise<void> {
    await this.ask();
    await expect(this.call).toBeVisible();
  }

  /** Gives the name in the lobby and asks to come in. */
  async ask(): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Your name', exact: true }).fill(this.name);
    await this.button('Join').click();
  }

  async leave(): Promise<void> {
    await this.controls.getByRole('button', { name: 'Leave', exact: true }).click();
    await expect(this.call).toBeHidden();
  }

  /** Kills the page itself, as a crash does: no farewell. */
  async crash(): Promise<void> {
    this.session ??= this.context.newCDPSession(this.page);
    const session = await this.session;
    await Promise.race([session.send('Page.crash').catch(() => undefined), this.page.waitForEvent('crash')]);
  }

  /** The tile of the person of this name. */
  tile(name: string): Locator {
    return this.call.getByRole('group', { name: new RegExp(`^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`) });
  }

  /** The accessible names of all tiles, in their order. */
  async tiles(): Promise<string[]> {
    const names = await this.call.getByRole('group').all();
    return Promise.all(names.map(async (tile) => (await tile.getAttribute('aria-label')) ?? ''));
  }

  /** What the tile of a person shows now. */
  look(name: string): Promise<Look> {
    return this.tile(name).evaluate((tile) => window.probe.look(tile));
  }

  /** Waits until the picture of a person moves: frames are decoded, and it changes. */
  async sees(name: string): Promise<void> {
    await expect(this.tile(name)).toHaveCount(1);
    await movesFor(this.name, name, () => this.look(name));
  }

  /** Waits until something that is like a voice or a beep comes out of the speakers. */
  async hearsAnything(): Promise<void> {
    const loudest = (): Promise<number> =>
      this.page.evaluate(async () => (await window.probe.hear([])).loudest);
    await expect
      .poll(loudest, { message: `${this.name} hears something`, intervals: [50] })
      .toBeGreaterThan(-60);
  }

  /** The tones, of those given, that come out of the speakers now. */
  hears(tones: number[]): Promise<number[]> {
    return this.page.evaluate(async (wanted) => {
      const { peaks, floor } = await window.probe.hear(wanted);
      return wanted.filter((_, at) => peaks[at]! > -60 && peaks[at]! > floor + 20);
    }, tones);
  }

  /** Decoded frames per tile of the others. */
  async frames(names: string[]): Promise<number[]> {
    return Promise.all(names.map(async (name) => (await this.look(name)).frames));
  }

  /** How often this page described a connection anew. */
  descriptions(): Promise<number> {
    return this.page.evaluate(() => window.probe.local);
  }

  /** The camera tracks that still hold their device. */
  liveCameras(): Promise<number> {
    return this.page.evaluate(
      () => window.probe.captured.filter((track) => track.kind === 'video' && track.readyState === 'live').length,
    );
  }
}

/** Waits until the picture of a person moves for a viewer. */
export async function movesFor(viewer: string, name: string, look: () => Promise<Look>): Promise<void> {
  let first: Look | undefined;
  const verdict = async (): Promise<string> => {
    const now = await look();
    if (!first || now.frames < first.frames) first = now.width > 0 ? now : undefined;
    return first ? moved(first, now) : 'no picture';
  };
  await expect
    .poll(verdict, { message: `${viewer} sees ${name} move`, intervals: [100, 200, 300], timeout: 20_000 })
    .toBe('moves');
}

function moved(first: Look, now: Look): string {
  if (now.frames < first.frames + someFrames) return `frames ${first.frames} -> ${now.frames}`;
  const changed = now.pixels.some((luma, at) => Math.abs(luma - first.pixels[at]!) > 8);
  // Firefox's own test picture is one colour that wanders.
  return changed || Math.abs(now.hue - first.hue) > 5 ? 'moves' : 'the same picture';
}
