// How long it takes from the click on "Join" until the first frame of somebody else is decoded.

import { expect, test } from '../harness/parley';
import type { Person } from '../harness/person';

const rounds = 30;

test('join', async ({ people }) => {
  const waiting = await people.join('Waiting');
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const guest = await people.arrive('Guest');
    times.push(await joinTime(guest));
    await guest.leave();
    await guest.context.close();
    await expect(waiting.call.getByRole('group')).toHaveCount(1);
  }
  times.sort((one, other) => one - other);
  const at = (part: number): string => times[Math.ceil(part * rounds) - 1]!.toFixed(0);
  process.stdout.write(`click on "Join" to the first decoded remote frame: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms (n = ${rounds})\n`);
});

/** Joins as a person with the lobby ready in front of them does. Milliseconds. */
async function joinTime(guest: Person): Promise<number> {
  await guest.page.getByRole('textbox', { name: 'Your name', exact: true }).fill(guest.name);
  await expect
    .poll(() => guest.page.locator('video').first().evaluate((video) => (video as HTMLVideoElement).videoWidth))
    .toBeGreaterThan(0);
  const measured = guest.page.evaluate(measure);
  await guest.button('Join').click();
  return measured;
}

/** Runs in the page: from the click to the first frame on any connection. */
function measure(): Promise<number> {
  return new Promise((resolve) => {
    let clicked: number | undefined;
    addEventListener('click', (event) => (clicked ??= event.timeStamp), { capture: true });
    const look = async (): Promise<void> => {
      const inbound = await window.probe.inbound();
      if (clicked !== undefined && inbound.some((one) => one.frames > 0)) resolve(performance.now() - clicked);
      else setTimeout(() => void look(), 4);
    };
    void look();
  });
}
