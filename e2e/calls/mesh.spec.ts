// People come, see and hear each other, and go.

import { expect, personas, test, type People } from '../harness/parley';
import type { Person } from '../harness/person';

const names = ['Ann', 'Bob', 'Cid', 'Dora'];

/** Lets people join one after another, each with a face and a voice of their own. */
async function gather(people: People, count: number): Promise<Person[]> {
  const there: Person[] = [];
  for (const name of names.slice(0, count)) {
    there.push(await people.join(name));
    for (const other of there) await expect(other.call.getByRole('group')).toHaveCount(there.length);
  }
  return there;
}

/** Each directed pair: the picture moves, is that of whom the tile names, and the voice comes out. */
async function allSeeAndHear(there: Person[]): Promise<void> {
  const tones = personas.slice(0, there.length).map((one) => one.tone);
  const pairs = there.flatMap((viewer) => there.filter((one) => one !== viewer).map((other) => [viewer, other] as const));
  await Promise.all(pairs.map(([viewer, other]) => viewer.sees(other.name)));
  for (const [viewer, other] of pairs) {
    const { hue } = await viewer.look(other.name);
    const off = Math.abs(hue - personas[there.indexOf(other)]!.hue);
    expect(Math.min(off, 360 - off), `${viewer.name} sees ${other.name} under that name`).toBeLessThan(25);
  }
  for (const [at, listener] of there.entries()) {
    await expect
      .poll(() => listener.hears(tones), { message: `${listener.name} hears all others and not the own voice` })
      .toEqual(tones.filter((_, of) => of !== at));
  }
}

test('two people see and hear each other, by what their cameras and microphones give', async ({ people }) => {
  // In one browser the echo canceller would take the two equal beeps for each other's echo.
  const ann = await people.join('Ann', { persona: null });
  await expect(ann.connection).toHaveText(/^Direct/);
  const bob = await people.join('Bob', { kind: 'threeCameras' });
  await ann.sees('Bob');
  await bob.sees('Ann');
  await ann.sees('Ann');
  await ann.hearsAnything();
  await bob.hearsAnything();
  for (const one of [ann, bob]) {
    await expect(one.page.getByRole('status', { name: 'Connection' })).toHaveCount(1);
    await expect(one.connection).toHaveText(/^Direct/);
    await expect(one.connection).not.toHaveText(/Relayed/);
  }
});

for (const count of [2, 3, 4]) {
  test(`${count} people see each other's faces and hear each other's voices`, async ({ people }) => {
    const there = await gather(people, count);
    await allSeeAndHear(there);
  });
}

test('what a page sends shrinks as people come, to stay within one uplink', async ({ people }) => {
  const ann = await people.join('Ann', { persona: null });
  for (const [count, tallest] of [
    [2, 720],
    [3, 540],
    [4, 360],
  ] as const) {
    await people.join(names[count - 1]!);
    await expect
      .poll(async () => (await sent(ann)).heights.length, { message: `pictures go to ${count - 1} people` })
      .toBe(count - 1);
    await expect
      .poll(async () => Math.max(...(await sent(ann)).heights), { message: `the largest of ${count - 1} pictures` })
      .toBeLessThanOrEqual(tallest + 2); // browsers round
    await expect
      .poll(async () => Math.min(...(await sent(ann)).heights), { message: `the smallest of ${count - 1} pictures` })
      .toBeGreaterThanOrEqual(Math.floor(tallest / 3));
  }
});

async function sent(person: Person): Promise<{ heights: number[] }> {
  const all = await person.page.evaluate(() => window.probe.outbound());
  return { heights: all.filter((one) => one.kind === 'video' && one.height > 0).map((one) => one.height) };
}

test('one who comes late sees what goes on, and is announced', async ({ people }) => {
  const [ann, bob] = await gather(people, 2);
  await ann!.sees('Bob');
  const cid = await people.join('Cid');
  await expect(ann!.news).toContainText('Cid joined');
  await expect(bob!.news).toContainText('Cid joined');
  await allSeeAndHear([ann!, bob!, cid]);
});

test('one who leaves is gone at once, and that is announced', async ({ people }) => {
  const [ann, bob, cid] = await gather(people, 3);
  await ann!.sees('Cid');
  await cid!.leave();
  await expect(cid!.page.getByRole('heading', { name: 'You left the room' })).toBeVisible();
  expect(await cid!.liveCameras()).toBe(0);
  for (const one of [ann!, bob!]) {
    await expect(one.tile('Cid')).toHaveCount(0);
    await expect(one.news).toContainText('Cid left');
  }
  await allSeeAndHear([ann!, bob!]);
});

test('one who closes the page is gone after a moment', async ({ people }) => {
  const [ann, bob] = await gather(people, 2);
  await ann!.sees('Bob');
  await bob!.page.close({ runBeforeUnload: true });
  await expect(ann!.tile('Bob')).toHaveCount(0, { timeout: 15_000 });
  await expect(ann!.call.getByRole('group')).toHaveCount(1);
});

test('a reload leads straight back into the call, in the old place', async ({ people }) => {
  const ann = await people.join('Ann');
  const bob = await people.join('Bob');
  const cid = await people.join('Cid');
  await cid.sees('Ann');
  const before = await cid.tiles();
  await ann.page.reload();
  await expect(ann.call).toBeVisible();
  for (const one of [bob, cid]) await expect(one.call.getByRole('group')).toHaveCount(3);
  await ann.sees('Bob');
  await ann.sees('Cid');
  await bob.sees('Ann');
  await cid.sees('Ann');
  expect(await cid.tiles()).toEqual(before);
  await expect(cid.news).not.toContainText('Ann left');
  await expect(ann.call.getByRole('group')).toHaveCount(3);
});
