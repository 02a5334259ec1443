import { expect, test } from '../harness/parley';
import { FirefoxPerson } from '../harness/firefox';
import { movesFor } from '../harness/person';

test('Firefox and Chromium see and hear each other in one call', async ({ people, program }) => {
  const ann = await people.join('Ann');
  const fox = await FirefoxPerson.arrive(`${program.url}/r/room?lang=en`);
  try {
    await fox.join('Fox');
    await ann.sees('Fox');
    await ann.hearsAnything();
    await movesFor('Fox', 'Ann', () => fox.look('Ann'));
    await expect.poll(() => fox.energy(), { message: 'Fox decodes the sound of Ann' }).toBeGreaterThan(0);
    expect(fox.errors).toEqual([]);
  } finally {
    await fox.close();
  }
});
