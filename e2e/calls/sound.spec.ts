// A page that nobody has clicked in must not play sound, says the browser.

import type { CDPSession } from '@playwright/test';
import { expect, test } from '../harness/parley';

const tone = 700;

/** Evaluates without counting as a person's gesture, which Playwright's own way does. */
async function ask<T>(session: CDPSession, expression: string): Promise<T> {
  const { result } = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
  return result.value as T;
}

const button = `[...document.querySelectorAll('button')].find((one) => one.innerText.trim() === 'Turn sound on')`;
const loudness = `window.probe.hear([${tone}]).then(({ peaks }) => peaks[0])`;

test('where the browser keeps the sound off, one button turns it on', async ({ people, program }) => {
  await people.join('Ann', { persona: { hue: 0, tone } });
  const bob = await people.join('Bob', { kind: 'noDevices' });
  await bob.sees('Ann');
  await expect.poll(() => bob.hears([tone])).toEqual([tone]);

  // The same person in a new tab: straight in the call, and not clicked.
  const kept = await bob.page.evaluate(() => Object.entries(sessionStorage));
  const page = await bob.context.newPage();
  await page.addInitScript((entries) => entries.forEach(([key, value]) => sessionStorage.setItem(key, value)), kept);
  const session = await bob.context.newCDPSession(page);
  await page.goto(`${program.url}/r/room?lang=en`);
  await expect.poll(() => ask(session, `Boolean(${button})`), { message: 'there is a button for the sound' }).toBe(true);
  expect(await ask(session, 'navigator.userActivation.hasBeenActive')).toBe(false);
  expect(await ask(session, loudness)).toBeLessThan(-100);

  const [x, y] = await ask<[number, number]>(
    session,
    `(({ x, y, width, height }) => [x + width / 2, y + height / 2])(${button}.getBoundingClientRect())`,
  );
  for (const type of ['mousePressed', 'mouseReleased'] as const) {
    await session.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
  }
  await expect.poll(() => ask(session, loudness), { message: 'Ann is heard' }).toBeGreaterThan(-60);
  await expect.poll(() => ask(session, `Boolean(${button})`), { message: 'the button is done' }).toBe(false);
});
