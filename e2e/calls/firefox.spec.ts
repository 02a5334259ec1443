import { expect, test } from '../harness/parley';
import { FirefoxPerson } from '../harness/firefox';

test('Firefox and Chromium see and hear each other in one call', async ({ people, program }) => {
  const ann = await people.join('Ann');
  const fox = await FirefoxPerson.arrive(`${program.url}/r/room?lang=en`);
  try {
    await fox.join('Fox');
    await ann.sees('Fox');
    await ann.receivesSound(1);
    const before = await fox.look('Ann');
    await expect
      .poll(async () => {
        const now = await fox.look('Ann');
        const changed = now.pixels.some((luma, at) => Math.abs(luma - (before.pixels[at] ?? -99)) > 8);
        return now.frames > before.frames + 10 && changed;
      }, { message: 'Fox sees Ann move', timeout: 20_000 })
      .toBe(true);
    await expect.poll(() => fox.sounds(), { message: 'Fox receives the sound of Ann' }).toBe(1);
    expect(fox.errors).toEqual([]);
  } finally {
    await fox.close();
  }
});
