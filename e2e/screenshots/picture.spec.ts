// Makes the README's one picture: four people in a call.

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '../harness/parley';
import { Person } from '../harness/person';
import { portraits, portray } from './portraits';

const file = path.resolve(import.meta.dirname, '../docs/call.png');

test('the picture of a call', async ({ people, browsers, program }) => {
  const browser = await browsers.get('usual');
  const there: Person[] = [];
  for (const [at, { name }] of portraits.entries()) {
    const context = await browser.newContext({ viewport: { width: at === 0 ? 1120 : 640, height: at === 0 ? 670 : 360 }, colorScheme: 'light' });
    people.adopt(context);
    await portray(context, at);
    there.push(await people.join(name, { context, url: program.url, path: '/r/monday%20coffee' }));
  }
  const ann = there[0]!;
  for (const { name } of portraits.slice(1)) await ann.sees(name);
  await there[2]!.button('Mute microphone').click();
  await expect(ann.tile('Amara')).toHaveAccessibleName(/Muted/);
  // Sharp: as large as four people send.
  for (const { name } of portraits.slice(1)) {
    await expect.poll(async () => (await ann.look(name)).height, { timeout: 60_000 }).toBeGreaterThanOrEqual(360);
  }
  await expect(ann.news).toBeEmpty({ timeout: 15_000 });
  await ann.page.mouse.move(0, 0);
  await ann.page.screenshot({ path: file });
  expect((await stat(file)).size, 'bytes of the picture').toBeLessThanOrEqual(300_000);
});
