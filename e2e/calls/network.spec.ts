// Networks that fail: the media between two people, or all of one person's. Needs root for the networks.

import { expect, prepare, test } from '../harness/parley';
import { Lab, possible } from '../harness/lab';
import { People } from '../harness/parley';
import type { Person } from '../harness/person';

test.skip(!possible, 'only root may make network namespaces');
test.setTimeout(120_000);

let lab: Lab;
let people: People;
let ann: Person;
let bob: Person;

test.beforeEach(async ({ browsers }) => {
  lab = await Lab.open();
  people = new People(browsers, () => Promise.reject(new Error('the lab has its own program')));
  const [one, other] = await Promise.all(([1, 2] as const).map((side) => context(side)));
  ann = await people.join('Ann', { url: lab.url, context: one! });
  bob = await people.join('Bob', { url: lab.url, context: other! });
  await ann.sees('Bob');
  await bob.sees('Ann');
});

test.afterEach(async () => {
  await people.close();
  await lab.close();
  people.complaints.check();
});

async function context(side: 1 | 2) {
  const browser = await lab.browser(side);
  const made = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 640, height: 480 }, locale: 'en-US' });
  people.adopt(made);
  await prepare(made, null);
  return made;
}

test('media that is cut: the tile says "reconnecting", stays, and moves again by itself', async () => {
  await lab.cutMedia();
  await expect(ann.tile('Bob')).toHaveText(/reconnecting/i, { timeout: 20_000 });
  await expect(bob.tile('Ann')).toHaveText(/reconnecting/i, { timeout: 20_000 });
  await expect(ann.connection).toHaveText(/^Direct(?!.*out of reach)/);
  await expect(ann.tile('Bob')).toHaveCount(1);
  await lab.mendMedia();
  await expect(ann.tile('Bob')).not.toHaveText(/reconnecting/i, { timeout: 10_000 });
  await ann.sees('Bob');
  await bob.sees('Ann');
});

test('a person who moves to another network keeps the tile, and is back with another address', async () => {
  people.complaints.allow(/WebSocket connection to .* failed/);
  await lab.cutAll(2);
  await expect(ann.tile('Bob')).toHaveText(/reconnecting/i, { timeout: 20_000 });
  await expect(bob.tile('Ann')).toHaveText(/reconnecting/i, { timeout: 20_000 });
  const before = await bob.descriptions();
  await lab.move(2);
  await expect(bob.connection).not.toHaveText(/out of reach/, { timeout: 20_000 });
  await expect(ann.tile('Bob')).not.toHaveText(/reconnecting/i, { timeout: 20_000 });
  await ann.sees('Bob');
  await bob.sees('Ann');
  expect(await bob.descriptions(), 'ICE restarts').toBeGreaterThan(before);
  expect(await bob.page.evaluate(() => window.probe.connections.length), 'the link itself stayed').toBe(1);
  await expect(ann.call.getByRole('group')).toHaveCount(2);
  await expect(ann.news).not.toContainText('Bob lost');
});
