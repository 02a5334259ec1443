// A relay that dies, and people whose pages do something else while their room moves to one.

import { Bots } from '../harness/bots';
import { backwards, reordered } from '../harness/cut';
import { LoneRelay } from '../harness/lone';
import { expect, People, test } from '../harness/parley';
import { movesFor, type Person } from '../harness/person';
import { Program } from '../harness/program';
import { Puppet } from '../harness/puppet';
import { filmOf, Scene } from '../harness/scene';

/** Of all connections that the page ever made, those that are open. */
function open(person: Person): Promise<number> {
  return person.page.evaluate(() => window.probe.connections.filter((one) => one.connectionState === 'connected').length);
}

test('a relay of its own process is killed: the call goes on in the mesh, and every tile stays', async ({ browsers }) => {
  test.setTimeout(120_000);
  const relay = await LoneRelay.start();
  const program = await Program.start({ flags: ['--mesh-max', '0', ...LoneRelay.flags([relay])] });
  const people = new People(browsers, () => Promise.resolve(program));
  const scene = new Scene(browsers, people);
  try {
    const there = [await scene.join('Ann'), await scene.join('Bob'), await scene.join('Cid')];
    const [ann, bob] = there as [Person, Person, Person];
    await expect(ann.connection).toHaveText(/^Relayed/, { timeout: 20_000 });
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), bob.sees('Ann'), bob.sees('Cid')]);
    await relay.kill();
    await expect(ann.connection).toHaveText(/^Direct/, { timeout: 20_000 });
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), bob.sees('Ann'), bob.sees('Cid')]);
    await expect.poll(() => ann.hears([700, 1000]), { timeout: 20_000 }).not.toEqual([]);
    for (const one of [ann, bob]) {
      await expect(one.call.getByRole('group')).toHaveCount(3);
      const film = await filmOf(one);
      expect([film.blank, backwards(film), reordered(film)], `what ${one.name} saw`).toEqual([{}, [], []]);
    }
  } finally {
    await people.close();
    await program.stop();
    await relay.close();
  }
  people.complaints.check();
});

test.describe('while the room moves', () => {
  test.use({ flags: ['--mesh-max', '3'] });

  test('somebody reloads, somebody joins and somebody leaves: the others end up with all who are there', async ({ people }) => {
    test.setTimeout(120_000);
    const [ann, bob, cid] = [await people.join('Ann'), await people.join('Bob'), await people.join('Cid')];
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), bob.sees('Cid')]);
    const dan = await people.join('Dan'); // the room moves
    const [eve] = await Promise.all([people.join('Eve'), bob.page.reload(), dan.leave()]);
    for (const one of [ann, bob, cid, eve]) await expect(one.call.getByRole('group')).toHaveCount(4);
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), ann.sees('Eve'), bob.sees('Ann'), bob.sees('Eve'), cid.sees('Bob'), eve.sees('Cid')]);
    for (const one of [ann, bob, cid, eve]) {
      await expect(one.connection).toHaveText(/^Relayed/);
      await expect.poll(() => open(one), { message: `${one.name} has one connection left`, timeout: 20_000 }).toBe(1);
    }
  });
});

test.describe('a hidden tab', () => {
  test.use({ flags: ['--mesh-max', '2'] });

  test('moves to the relay with the others, keeps nobody waiting, and has their pictures when it is looked at again', async ({ people, program }) => {
    test.setTimeout(120_000);
    const ann = await people.join('Ann');
    const zoe = await Puppet.chromium(`${program.url}/r/room?lang=en`);
    const third = new Bots({ url: program.url, name: 'Bot', wait: true });
    try {
      await zoe.join('Zoe');
      await ann.sees('Zoe');
      await movesFor('Zoe', 'Ann', () => zoe.look('Ann'));
      await zoe.hide();
      third.join();
      await expect(ann.connection).toHaveText(/^Relayed/);
      await expect.poll(() => open(ann), { message: 'Ann has one connection left', timeout: 20_000 }).toBe(1);
      await expect.poll(() => zoe.open(), { message: 'so has Zoe', timeout: 20_000 }).toBe(1);
      await ann.sees('Zoe');
      await zoe.show();
      await movesFor('Zoe', 'Ann', () => zoe.look('Ann'));
      await movesFor('Zoe', 'Bot', () => zoe.look('Bot'));
      expect(zoe.errors).toEqual([]);
    } finally {
      await third.leave();
      await zoe.close();
    }
  });
});
