// The whole way with keys alone, and the names that it is found by.

import type { Page } from '@playwright/test';
import { expect, test } from '../harness/parley';

/** Presses Tab until what has the focus carries this role and name. */
async function tabTo(page: Page, role: 'button' | 'textbox' | 'combobox', name: string): Promise<void> {
  const target = page.getByRole(role, { name, exact: true });
  for (let presses = 0; presses < 40; presses++) {
    if (await target.evaluateAll((all) => all.some((one) => one === document.activeElement))) {
      const outlined = await target.first().evaluate((one) => {
        const style = getComputedStyle(one);
        return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
      });
      expect(outlined, `the focus on "${name}" can be seen`).toBe(true);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`no way by Tab to the ${role} "${name}"`);
}

test('home, lobby, call and leave with the keyboard alone', async ({ people }) => {
  const { page, call, controls } = await people.arrive('Ann', { path: '/' });
  await tabTo(page, 'textbox', 'Room name');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('by hand');
  await tabTo(page, 'button', 'Start or join');
  await page.keyboard.press('Enter');

  await expect(page).toHaveURL(/\/r\/by%20hand/);
  await tabTo(page, 'button', 'Mute microphone');
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Unmute microphone', exact: true })).toBeFocused();
  await tabTo(page, 'textbox', 'Your name');
  await page.keyboard.type('Ann');
  await page.keyboard.press('Enter');

  await expect(call).toBeVisible();
  await tabTo(page, 'button', 'Unmute microphone');
  await page.keyboard.press('Enter');
  await expect(controls.getByRole('button', { name: 'Mute microphone' })).toBeFocused();
  await page.keyboard.press('v'); // the key that the button's hint names
  await expect(page.getByRole('button', { name: 'Turn camera on', exact: true })).toBeVisible();
  await page.keyboard.press('v');
  await expect(page.getByRole('button', { name: 'Turn camera off', exact: true })).toBeVisible();
  await tabTo(page, 'button', 'Settings');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await tabTo(page, 'combobox', 'Camera');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(controls.getByRole('button', { name: 'Settings' })).toBeFocused();
  await tabTo(page, 'button', 'Leave');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'You left the room' })).toBeFocused();
});

test('everything has the name that people and tools rely on', async ({ people }) => {
  const { page } = await people.arrive('Ann', { path: '/' });
  await expect(page.getByRole('textbox', { name: 'Room name', exact: true })).toHaveValue(/\S/);
  await page.getByRole('textbox', { name: 'Room name', exact: true }).fill('room');
  await page.getByRole('button', { name: 'Start or join', exact: true }).click();

  await expect(page.getByRole('textbox', { name: 'Your name', exact: true })).toBeVisible();
  for (const name of ['Turn camera off', 'Mute microphone', 'Join']) {
    await expect(page.getByRole('button', { name, exact: true })).toBeVisible();
  }
  for (const name of ['Camera', 'Microphone', 'Speaker']) {
    await expect(page.getByRole('combobox', { name, exact: true })).toBeVisible();
  }
  for (const [off, on] of [
    ['Turn camera off', 'Turn camera on'],
    ['Mute microphone', 'Unmute microphone'],
  ] as const) {
    await page.getByRole('button', { name: off, exact: true }).click();
    await page.getByRole('button', { name: on, exact: true }).click();
    await expect(page.getByRole('button', { name: off, exact: true })).toBeVisible();
  }
  await page.getByRole('textbox', { name: 'Your name', exact: true }).fill('Ann');
  await page.getByRole('button', { name: 'Join', exact: true }).click();

  const call = page.getByRole('region', { name: 'Call', exact: true });
  await expect(call).toHaveAttribute('aria-label', 'Call');
  await expect(call.getByRole('group')).toHaveAttribute('aria-label', /^Ann/);
  const controls = page.getByRole('toolbar', { name: 'Call controls', exact: true });
  for (const name of ['Turn camera off', 'Mute microphone', 'Settings', 'Leave']) {
    await expect(controls.getByRole('button', { name, exact: true })).toBeVisible();
  }
  const status = page.getByRole('status', { name: 'Connection', exact: true });
  await expect(status).toHaveCount(1);
  await expect(status).toHaveAttribute('aria-label', 'Connection');
});

test('the link to the room is copied and shown as a code', async ({ people, program }) => {
  const ann = await people.arrive('Ann', { path: '/r/our%20room' });
  await ann.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await ann.join();
  const link = `${program.url}/r/our%20room`;
  await ann.controls.getByRole('button', { name: 'Invite' }).click();
  const dialog = ann.page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Copy link' }).click();
  await expect.poll(() => ann.page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await expect(dialog.getByRole('img', { name: /QR code/ })).toBeVisible();
});

test.describe('a node with a public address', () => {
  test.use({ flags: ['--url', 'https://meet.example.org'] });

  test('makes its links from that', async ({ people }) => {
    const { page } = await people.arrive('Ann');
    await expect(page.getByRole('textbox', { name: 'Link to this room' })).toHaveValue('https://meet.example.org/r/room');
  });
});
