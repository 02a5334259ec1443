import { Bots } from '../harness/bots';
import { backwards, reordered } from '../harness/cut';
import { expect, test } from '../harness/parley';
import type { Person } from '../harness/person';
import { filmOf, Scene } from '../harness/scene';
import { seen, watch } from '../harness/watch';

/** Of all connections that the page ever made, those that are open. */
function open(person: Person): Promise<number> {
  return person.page.evaluate(() => window.probe.connections.filter((one) => one.connectionState === 'connected').length);
}

test.describe('a room that grows past the mesh', () => {
  test.use({ flags: ['--mesh-max', '3'] });

  test('moves to the relay and back, and nobody goes blank or silent', async ({ people }) => {
    test.setTimeout(120_000);
    const ann = await people.join('Ann');
    const bob = await people.join('Bob');
    const cid = await people.join('Cid');
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), bob.sees('Ann'), cid.sees('Bob')]);
    await expect(ann.connection).toContainText('Direct');
    await expect.poll(() => ann.hears([700, 1000])).toEqual([700, 1000]);

    await watch(ann, ['Bob', 'Cid'], [700, 1000]);
    const dan = await people.join('Dan');
    await expect(ann.connection).toContainText('Relayed');
    await Promise.all([ann.sees('Dan'), dan.sees('Ann'), dan.sees('Bob'), dan.sees('Cid')]);
    await expect.poll(() => open(ann), { message: 'one connection is left' }).toBe(1);
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), cid.sees('Bob')]);
    await expect.poll(() => dan.hears([400, 700, 1000])).toEqual([400, 700, 1000]);
    const up = await seen(ann, ['Bob', 'Cid'], [700, 1000]);
    expect(up, JSON.stringify(up)).toMatchObject({ blank: [], moved: false });
    expect(up.silence).toBeLessThan(500);

    await dan.leave();
    await cid.leave();
    await watch(ann, ['Bob'], [700]);
    await expect(ann.connection).toContainText('Direct', { timeout: 30_000 });
    await bob.sees('Ann');
    await ann.sees('Bob');
    await expect.poll(() => bob.hears([400])).toEqual([400]);
    const down = await seen(ann, ['Bob'], [700]);
    expect(down, JSON.stringify(down)).toMatchObject({ blank: [], moved: false });
    expect(down.silence).toBeLessThan(500);
  });
});

// Three of the six are bots: as many pages would leave two cores no time to show what they receive.
test('a room grows from one to six and shrinks to two, and every picture goes on', async ({ browsers, people, program }) => {
  test.setTimeout(180_000);
  const scene = new Scene(browsers, people);
  const crowd: Bots[] = [];
  const there = [await scene.join('Ann'), await scene.join('Bob')];
  const names = ['Ann', 'Bob'];
  const everyoneSees = async (): Promise<void> => {
    for (const one of there) {
      await expect(one.call.getByRole('group')).toHaveCount(names.length);
      await expect(one.connection).toHaveText(names.length === 5 || names.length === 6 ? /^Relayed/ : /^Direct/, { timeout: 40_000 });
      for (const name of names) if (name !== one.name) await one.sees(name);
    }
  };
  try {
    await everyoneSees();
    for (const name of ['Bot one', 'Bot two', 'Bot three']) {
      crowd.push(new Bots({ url: program.url, name }));
      names.push(name);
      await everyoneSees();
    }
    there.push(await scene.join('Fay'));
    names.push('Fay');
    await everyoneSees();
    for (const one of there) await expect.poll(() => open(one), { message: `${one.name} has one connection left` }).toBe(1);
    // Who leaves may be off the relay a moment before the room knows, so what happens then is judged of those who stay.
    for (const one of there) expect((await filmOf(one)).blank, `where ${one.name} saw no picture while the room grew`).toEqual({});
    await there.pop()!.leave();
    await Promise.all(crowd.map((bots) => bots.leave()));
    names.splice(2);
    await everyoneSees();
    for (const one of there) {
      const film = await filmOf(one);
      expect(Object.keys(film.sights).length, `the tiles that ${one.name} filmed`).toBe(5);
      const blank = Object.keys(film.blank).filter((name) => names.includes(name));
      expect([blank, backwards(film), reordered(film)], `what ${one.name} saw`).toEqual([[], [], []]);
    }
  } finally {
    await Promise.all(crowd.map((bots) => bots.leave()));
  }
});

test.describe('a shared screen', () => {
  test.use({ flags: ['--mesh-max', '2'] });

  test('goes along to the relay', async ({ people }) => {
    const [ann, bob] = [await people.join('Ann'), await people.join('Bob')];
    await ann.sees('Bob');
    await ann.controls.getByRole('button', { name: 'Share screen', exact: true }).click();
    await shows(bob, "Ann's screen");
    const cid = await people.join('Cid');
    await expect(bob.connection).toHaveText(/^Relayed/);
    for (const one of [ann, bob, cid]) await expect.poll(() => open(one), { message: `${one.name} has one connection left` }).toBe(1);
    await Promise.all([shows(bob, "Ann's screen"), shows(cid, "Ann's screen"), bob.sees('Ann'), cid.sees('Ann')]);
    await ann.controls.getByRole('button', { name: 'Stop sharing', exact: true }).click();
    for (const one of [bob, cid]) await expect(one.call.getByRole('figure')).toHaveCount(0);
  });
});

/** Waits until something new is shown again and again in the figure of that name. */
async function shows(viewer: Person, name: string): Promise<void> {
  const frames = (): Promise<number> =>
    viewer.page.getByRole('figure', { name }).evaluate((figure) =>
      [...figure.querySelectorAll('video')]
        .filter((video) => video.videoWidth > 0 && video.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
        .reduce((sum, video) => sum + video.getVideoPlaybackQuality().totalVideoFrames, 0),
    );
  const before = await frames();
  await expect.poll(frames, { message: `${viewer.name} sees ${name} go on` }).toBeGreaterThan(before + 3);
}

test.describe('a room on the relay', () => {
  test.use({ flags: ['--mesh-max', '0'] });

  test('has one connection each, and bears cameras that go off, reloads and a node that is killed', async ({ people, program }) => {
    people.complaints.allow(/WebSocket connection to .* failed/);
    const ann = await people.join('Ann');
    const bob = await people.join('Bob');
    const cid = await people.join('Cid');
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), bob.sees('Cid'), cid.sees('Ann')]);
    await expect.poll(() => ann.hears([400, 700, 1000])).toEqual([700, 1000]);
    expect([await open(ann), await open(bob), await open(cid)]).toEqual([1, 1, 1]);

    await bob.button('Turn camera off').click();
    await expect.poll(async () => (await ann.look('Bob')).width).toBe(0);
    await bob.button('Turn camera on').click();
    await ann.sees('Bob');
    await cid.page.reload();
    await Promise.all([cid.sees('Ann'), cid.sees('Bob'), ann.sees('Cid')]);
    const hues = [(await ann.look('Bob')).hue, (await ann.look('Cid')).hue];
    expect(Math.abs(hues[0]! - 120), `Bob is green: ${hues[0]}`).toBeLessThan(20);
    expect(Math.abs(hues[1]! - 240), `Cid is blue: ${hues[1]}`).toBeLessThan(20);

    await watch(ann, ['Bob', 'Cid'], []);
    await program.kill();
    await program.start();
    await expect.poll(() => ann.page.evaluate(() => window.probe.connections.length), { timeout: 20_000 }).toBeGreaterThan(1);
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), bob.sees('Ann'), cid.sees('Ann')]);
    const { blank, moved } = await seen(ann, ['Bob', 'Cid'], []);
    expect([blank, moved]).toEqual([[], false]);
    await expect.poll(() => ann.hears([400, 700, 1000])).toEqual([700, 1000]);
  });
});
