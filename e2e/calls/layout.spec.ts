// Everything is in view and nothing is cut off, at every size people have.

import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect, test, type People } from '../harness/parley';
import type { Person } from '../harness/person';

const phone = { width: 390, height: 844 };
const sizes = [{ width: 1280, height: 800 }, phone, { width: 320, height: 568 }, { width: 844, height: 390 }];

/** Nothing reaches out of the window sideways. */
async function fits(page: Page): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'pixels that reach out of the window').toBe(0);
}

interface Box {
  name: string;
  x: number;
  y: number;
  right: number;
  bottom: number;
}

function boxes(parts: Locator): Promise<Box[]> {
  return parts.evaluateAll((all) =>
    all.map((part) => {
      const { x, y, right, bottom } = part.getBoundingClientRect();
      return { name: part.getAttribute('aria-label') ?? part.textContent ?? '', x, y, right, bottom };
    }),
  );
}

async function inView(person: Person): Promise<void> {
  const { width, height } = person.page.viewportSize()!;
  const parts = [person.call.getByRole('group'), person.connection, person.controls.getByRole('button')];
  for (const { name, x, y, right, bottom } of (await Promise.all(parts.map(boxes))).flat()) {
    expect((right - x) * (bottom - y), `the area of ${name}`).toBeGreaterThan(400);
    expect(Math.min(x, y), `the start of ${name}`).toBeGreaterThanOrEqual(0);
    expect(right, `the right end of ${name}`).toBeLessThanOrEqual(width + 0.5);
    expect(bottom, `the lower end of ${name}`).toBeLessThanOrEqual(height + 0.5);
  }
}

/** No tile lies on another one. */
async function apart(person: Person): Promise<void> {
  const tiles = await boxes(person.call.getByRole('group'));
  for (const [at, one] of tiles.entries()) {
    for (const other of tiles.slice(at + 1)) {
      const across = Math.min(one.right, other.right) - Math.max(one.x, other.x);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.y, other.y);
      expect(Math.min(across, down), `${one.name} on ${other.name}`).toBeLessThanOrEqual(0.5);
    }
  }
}

test.describe('a room that stays direct', () => {
  test.use({ flags: ['--mesh-max', '99'] });

  test('five people are all in view in 500 x 400', ({ people }) => five(people));
});

async function five(people: People): Promise<void> {
  const ann = await people.arrive('Ann', { size: { width: 500, height: 400 } });
  await ann.join();
  for (const name of ['Bob', 'Cid', 'Dora', 'Eve']) {
    await people.join(name, { kind: 'noDevices' }); // five pages that code sound are too much for two cores
  }
  await expect(ann.call.getByRole('group')).toHaveCount(5);
  await inView(ann);
  await apart(ann);
  await expect(ann.page.getByRole('status', { name: 'Connection', exact: true })).toHaveCount(1);
  await expect(ann.connection).toHaveText(/^Direct/);
  await expect(ann.connection).not.toHaveText(/Relayed/);
  for (const name of ['Bob', 'Cid', 'Dora', 'Eve']) await expect(ann.tile(name)).not.toHaveAccessibleName(/Connecting/);
}

test('every view fits every width, and its parts are in view', async ({ people }) => {
  const home = await people.arrive('Nobody', { path: '/' });
  for (const size of sizes) {
    await home.page.setViewportSize(size);
    await fits(home.page);
    await home.button('Start or join').scrollIntoViewIfNeeded();
    await expect(home.button('Start or join')).toBeInViewport({ ratio: 1 });
  }
  const ann = await people.arrive('Ann');
  for (const size of sizes) {
    await ann.page.setViewportSize(size);
    await fits(ann.page);
    await ann.button('Join').scrollIntoViewIfNeeded();
    await expect(ann.button('Join')).toBeInViewport({ ratio: 1 });
  }
  await ann.join();
  for (const name of ['', 'Bob', 'Cid']) {
    if (name) await people.join(name);
    for (const size of sizes) {
      await ann.page.setViewportSize(size);
      await expect(ann.connection).toHaveText(/^Direct/);
      await expect.poll(() => settled(ann)).toBe(true);
      await fits(ann.page);
      await inView(ann);
      if (name !== 'Bob') await apart(ann); // two on a phone: one's own picture lies in the other's
    }
  }
});

/** The tiles have taken the places that the size gives them. */
async function settled(person: Person): Promise<boolean> {
  const before = await boxes(person.call.getByRole('group'));
  await person.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return JSON.stringify(before) === JSON.stringify(await boxes(person.call.getByRole('group')));
}

test("one's own picture is mirrored, and that of the others is not", async ({ people }) => {
  const ann = await people.join('Ann');
  await people.join('Bob');
  await ann.sees('Bob');
  const flip = (name: string): Promise<string> =>
    ann.tile(name).locator('video').first().evaluate((video) => getComputedStyle(video).transform);
  expect(await flip('Ann')).toMatch(/^matrix\(-1/);
  expect(await flip('Bob')).toMatch(/^none|^matrix\(1/);
  for (const name of ['Ann', 'Bob']) expect((await ann.look(name)).elements).toBe(2);
});

/** Asks axe, in light and dark colours. */
async function faultless(page: Page, view: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // Colours that are on their way from one scheme to the other are nobody's choice.
    await page.evaluate(() => {
      const fading = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
      return Promise.allSettled(fading.map((one) => one.finished));
    });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
    expect(found, `${view}, ${colorScheme}`).toEqual([]);
  }
}

test('no view has a fault that axe can find, light or dark', async ({ people }) => {
  const home = await people.arrive('Nobody', { path: '/' });
  await faultless(home.page, 'home');
  const denied = await people.arrive('Denied', { kind: 'denied' });
  await expect(denied.page.getByText('not to give this page your camera')).toBeVisible();
  await faultless(denied.page, 'lobby without devices');
  const ann = await people.arrive('Ann');
  await faultless(ann.page, 'lobby');
  await ann.join();
  await faultless(ann.page, 'room of one');
  await people.join('Bob');
  await ann.sees('Bob');
  await faultless(ann.page, 'room of two');
  for (const dialog of ['Settings', 'Invite']) {
    await ann.controls.getByRole('button', { name: dialog }).click();
    await expect(ann.page.getByRole('dialog')).toBeVisible();
    await faultless(ann.page, dialog);
    await ann.page.keyboard.press('Escape');
    await expect(ann.page.getByRole('dialog')).toBeHidden();
  }
  await ann.page.setViewportSize(phone);
  await faultless(ann.page, 'room on a phone');
  await ann.leave();
  await faultless(ann.page, 'after the call');
});
