// Who comes in: passwords, full rooms, names, languages, and pages that were opened twice.

import { expect, test } from '../harness/parley';
import type { Person } from '../harness/person';

function field(person: Person, name: string) {
  return person.page.getByLabel(name, { exact: true });
}

async function create(person: Person, options: { password?: string; max?: string }): Promise<void> {
  await person.page.getByText('Room options').click();
  if (options.password) await field(person, 'Password').fill(options.password);
  if (options.max) await person.page.getByRole('spinbutton', { name: 'Largest number of people' }).fill(options.max);
  await person.join();
}

test('a password keeps out who does not know it, and a reload keeps in who does', async ({ people }) => {
  const ann = await people.arrive('Ann');
  await create(ann, { password: 'open sesame' });
  const bob = await people.arrive('Bob');
  await field(bob, 'Password').fill('guess');
  await bob.ask();
  await expect(bob.page.getByRole('alert')).toHaveText('That password is wrong.');
  await expect(ann.call.getByRole('group')).toHaveCount(1);
  await field(bob, 'Password').fill('open sesame');
  await bob.join();
  await bob.sees('Ann');
  await bob.page.reload();
  await expect(bob.call).toBeVisible();
  await bob.sees('Ann');
  await expect(ann.call.getByRole('group')).toHaveCount(2);
});

test('a full room says so, in both languages, and lets the next one in when somebody left', async ({ people }) => {
  const ann = await people.arrive('Ann');
  await create(ann, { max: '2' });
  const bob = await people.join('Bob');
  const cid = await people.arrive('Cid');
  await cid.ask();
  await expect(cid.page.getByRole('alert')).toHaveText(/This room is full/);
  const dora = await people.arrive('Dora', { lang: 'ko' });
  await dora.page.getByRole('textbox').first().fill('Dora');
  await dora.page.locator('form button.primary').click();
  await expect(dora.page.getByRole('alert')).toHaveText(/[가-힣]/);
  await expect(ann.call.getByRole('group')).toHaveCount(2);
  await bob.leave();
  await expect(ann.call.getByRole('group')).toHaveCount(1);
  await cid.join();
  await cid.sees('Ann');
});

test('of two pages of one person the newer stays, and the older says so', async ({ people }) => {
  const ann = await people.join('Ann');
  const bob = await people.join('Bob');
  await ann.sees('Bob');
  const opened = bob.context.waitForEvent('page');
  // A duplicated tab takes its sessionStorage along; window.open does the same.
  await bob.page.evaluate(() => void window.open(location.href));
  const page = await opened;
  await expect(page.getByRole('region', { name: 'Call', exact: true })).toBeVisible();
  await expect(bob.page.getByRole('heading', { name: 'The call goes on elsewhere' })).toBeVisible();
  await expect(ann.call.getByRole('group')).toHaveCount(2);
  await ann.sees('Bob');
  // It does not fight for the place by itself.
  await expect(page.getByRole('region', { name: 'Call', exact: true }).getByRole('group')).toHaveCount(2);
  expect(await bob.liveCameras()).toBe(0);
});

test('two people of one name are told apart', async ({ people }) => {
  const first = await people.join('Ann');
  const second = await people.join('Ann');
  const bob = await people.join('Bob');
  await expect(bob.call.getByRole('group', { name: /^Ann,/ })).toHaveCount(1);
  await expect(bob.call.getByRole('group', { name: /^Ann \(2\),/ })).toHaveCount(1);
  await bob.sees('Ann (2)');
  for (const one of [first, second]) {
    await expect(one.call.getByRole('group', { name: /^Ann,/ })).toHaveCount(1);
    await expect(one.call.getByRole('group', { name: /^Ann \(2\),/ })).toHaveCount(1);
  }
});

test('names are text, whatever they hold', async ({ people }) => {
  const name = '<img src=x onerror=alert(1)>';
  const room = '"><script>alert(2)<!--';
  const path = `/r/${encodeURIComponent(room)}`;
  const eve = await people.join(name, { path });
  const bob = await people.join('Bob', { path });
  let asked = 0;
  for (const one of [eve, bob]) one.page.on('dialog', () => asked++);
  await expect(bob.tile(name)).toHaveCount(1);
  await bob.sees(name);
  await expect(bob.page.getByRole('heading', { name: room.toLowerCase() })).toBeVisible();
  expect(await bob.page.locator('img[src="x"]').count()).toBe(0);
  expect(asked).toBe(0);
});

test('names that could mislead are refused with a sentence', async ({ people }) => {
  const eve = await people.arrive('Ann\u202Egnp.exe');
  await eve.ask();
  await expect(eve.page.getByRole('alert')).toHaveText(/This name cannot be used/);
  const { page } = await people.arrive('Bob', { path: '/' });
  for (const [room, why] of [
    ['x'.repeat(65), /64 characters/],
    ['a/b', /slashes/],
    [' ', /give the room a name/],
  ] as const) {
    await page.getByRole('textbox', { name: 'Room name' }).fill(room);
    await page.getByRole('button', { name: 'Start or join' }).click();
    await expect(page.getByText(why)).toBeVisible();
  }
});

test('Korean by the browser, English at a click, and the call is not touched', async ({ people }) => {
  const ann = await people.join('Ann');
  const minjun = await people.arrive('김민준', { lang: '', locale: 'ko-KR' });
  await expect(minjun.page.locator('html')).toHaveAttribute('lang', 'ko');
  await minjun.page.getByRole('textbox').first().fill('김민준');
  await minjun.page.locator('form button.primary').click();
  await expect(minjun.page.getByRole('toolbar')).toBeVisible();
  await expect(minjun.page.getByRole('region')).toHaveAccessibleName(/[가-힣]/);
  await ann.sees('김민준');

  const bora = await people.arrive('Bora', { lang: '', locale: 'ko-KR' });
  await expect(bora.button('Join')).toBeHidden();
  await bora.page.getByRole('combobox', { name: '언어' }).selectOption('en');
  await expect(bora.page.locator('html')).toHaveAttribute('lang', 'en');
  await bora.join();
  await bora.sees('Ann');
  await expect(bora.tile('김민준')).toHaveCount(1);
});

test('an address that leads nowhere says so', async ({ people, program }) => {
  people.complaints.allow(/404/);
  const lost = await people.arrive('Ann', { path: '/nowhere' });
  await expect(lost.page.getByText(/nothing here|not found/i).first()).toBeVisible();
  for (const path of [`/r/${'x'.repeat(65)}`, '/r/a%2Fb', '/r/%ff']) {
    await lost.page.goto(program.url + path);
    await expect(lost.page.getByText(/nothing here/).first()).toBeVisible();
  }
  expect((await fetch(`${program.url}/nowhere`)).status).toBe(404);
  expect((await fetch(`${program.url}/r/room`, { method: 'POST' })).status).toBe(405);
});
