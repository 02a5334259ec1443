// Shoots every view into e2e/out/views, for looking at: three sizes, light and dark, both languages.

import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test, type People } from '../harness/parley';
import type { Person } from '../harness/person';
import { portraits, portray } from './portraits';

const folder = path.resolve(import.meta.dirname, '../out/views');
const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 }, small: { width: 500, height: 400 } };

/** One view, in all sizes and both schemes. */
async function shoot(page: Page, lang: string, view: string): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      await page.screenshot({ path: path.join(folder, `${view}-${size}-${lang}-${colorScheme}.png`), animations: 'disabled' });
    }
  }
}

const names: Record<string, string[]> = { en: portraits.map(({ name }) => name), ko: ['안나', '김민준', '아마라', '요나스'] };

for (const lang of ['en', 'ko']) {
  test(`before the call, ${lang}`, async ({ people }) => {
    const home = await people.arrive('', { path: '/', lang });
    await shoot(home.page, lang, 'home');
    await home.page.getByRole('textbox').first().fill('a/b');
    await home.page.locator('form button.primary').click();
    await shoot(home.page, lang, 'home-refused');
    const lobby = await people.arrive('', { lang, path: '/r/monday%20coffee', persona: null });
    await expect.poll(() => lobby.liveCameras()).toBe(1);
    await shoot(lobby.page, lang, 'lobby');
    await lobby.page.locator('summary').click();
    await shoot(lobby.page, lang, 'lobby-options');
    for (const kind of ['denied', 'noDevices'] as const) {
      const without = await people.arrive('', { lang, path: '/r/monday%20coffee', kind });
      await without.page.locator('.problems').waitFor();
      await shoot(without.page, lang, `lobby-${kind}`);
    }
    people.complaints.allow(/404/);
    const lost = await people.arrive('', { lang, path: '/nowhere' });
    await shoot(lost.page, lang, 'unknown');
  });

  test(`the call, ${lang}`, async ({ people, browsers, program }) => {
    const browser = await browsers.get('usual');
    const there: Person[] = [];
    for (const at of portraits.keys()) {
      const context = await browser.newContext();
      people.adopt(context);
      await portray(context, at);
      there.push(await enter(people, names[lang]![at]!, { lang, context, url: program.url, path: '/r/monday%20coffee' }));
      const mine = there[0]!.page;
      await expect(mine.locator('[role=group] video.front')).toHaveCount(at + 1);
      await shoot(mine, lang, `room-${at + 1}`);
    }
    const mine = there[0]!.page;
    await there[2]!.page.locator('[role=toolbar] button').nth(0).click();
    await there[3]!.page.locator('[role=toolbar] button').nth(1).click();
    await expect(mine.locator('[role=group] video.front')).toHaveCount(3);
    await shoot(mine, lang, 'room-muted');
    for (const [button, view] of [
      [2, 'settings'],
      [3, 'invite'],
    ] as const) {
      await mine.locator('[role=toolbar] button').nth(button).click();
      await shoot(mine, lang, view);
      await mine.keyboard.press('Escape');
    }
    await ends(there, lang);
  });

  async function ends(there: Person[], of: string): Promise<void> {
    const second = there[1]!;
    const opened = second.context.waitForEvent('page');
    await second.page.evaluate(() => void window.open(location.href));
    await opened;
    await second.page.locator('.choices').waitFor();
    await shoot(second.page, of, 'ended-elsewhere');
    await there[0]!.page.locator('[role=toolbar] button').nth(4).click();
    await there[0]!.page.locator('.choices').waitFor();
    await shoot(there[0]!.page, of, 'ended');
  }
}

async function enter(people: People, name: string, how: Parameters<People['arrive']>[1]): Promise<Person> {
  const person = await people.arrive(name, how);
  await person.page.locator('form input').first().fill(name);
  await person.page.locator('form button.primary').click();
  await expect(person.page.getByRole('toolbar')).toBeVisible();
  return person;
}
