// Two networks from which only the node can be reached: people meet through its TURN. Needs root for the networks.

import { Lab, possible } from '../harness/lab';
import { expect, People, prepare, test } from '../harness/parley';
import type { Person } from '../harness/person';

test.skip(!possible, 'only root may make network namespaces');

test('people whom no direct way leads to each other meet through TURN', async ({ browsers }) => {
  test.setTimeout(120_000);
  const lab = await Lab.open(['--mesh-max', '99', '--turn-allow-peers', '10.77.0.0/16']);
  const people = new People(browsers, () => Promise.reject(new Error('the lab has its own program')));
  const arrive = async (name: string, side: 1 | 2): Promise<Person> => {
    const context = await (await lab.browser(side)).newContext({ ignoreHTTPSErrors: true, viewport: { width: 640, height: 480 }, locale: 'en-US' });
    people.adopt(context);
    await prepare(context, null);
    return people.join(name, { url: lab.url, context });
  };
  try {
    await lab.cutMedia();
    const [ann, bob] = [await arrive('Ann', 1), await arrive('Bob', 2)];
    await Promise.all([ann.sees('Bob'), bob.sees('Ann')]);
    await ann.hearsAnything();
    expect([await way(ann), await way(bob)].some((types) => types.includes('relay')), 'a way through TURN').toBe(true);
  } finally {
    await people.close();
    await lab.close();
  }
  people.complaints.check();
});

/** The kinds of the two ends of the pair of candidates that is in use (RFC 8445). */
function way(person: Person): Promise<string[]> {
  return person.page.evaluate(async () => {
    const open = window.probe.connections.find((one) => one.connectionState === 'connected')!;
    const stats = await open.getStats();
    const all: Record<string, string>[] = Array.from(stats.values());
    const transport = all.find(({ type }) => type === 'transport');
    const pair = all.find(({ id }) => id === transport?.selectedCandidatePairId);
    return all.filter(({ id }) => id === pair?.localCandidateId || id === pair?.remoteCandidateId).map(({ candidateType }) => candidateType!);
  });
}
