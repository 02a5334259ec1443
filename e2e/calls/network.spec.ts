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

test('a way that is gone for good: tried again and again, until another one is found', async () => {
  const connections = await ann.page.evaluate(() => window.probe.connections.length);
  const described = async (): Promise<number> => (await ann.descriptions()) + (await bob.descriptions());
  const before = await described();
  await lab.cutMedia();
  for (const [one, other] of [
    [ann, 'Bob'],
    [bob, 'Ann'],
  ] as const) {
    await expect(one.tile(other)).toHaveText(/reconnecting/i, { timeout: 20_000 });
    await expect(one.connection).toHaveText(/^Direct(?!.*out of reach)/);
  }
  await expect.poll(described, { message: 'a first try, in vain', timeout: 20_000 }).toBeGreaterThan(before + 1);
  await lab.reroute();
  await lab.mendMedia();
  await expect(ann.tile('Bob')).not.toHaveText(/reconnecting/i, { timeout: 20_000 });
  await ann.sees('Bob');
  await bob.sees('Ann');
  expect(await ann.page.evaluate(() => window.probe.connections.length), 'the link itself stayed').toBe(connections);
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
