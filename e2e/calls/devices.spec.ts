// Cameras, microphones, speakers: there, not there, refused, changed, let go.

import { expect, test } from '../harness/parley';
import type { Person } from '../harness/person';
import type { Persona } from '../harness/probe/persona';

const voice: Persona = { hue: 0, tone: 700 };

async function joinsWithout(person: Person, host: Person): Promise<void> {
  await person.join();
  await expect(host.tile(person.name)).toHaveAccessibleName(/Camera off/);
  await person.sees(host.name);
  await expect.poll(() => person.hears([voice.tone])).toEqual([voice.tone]);
}

test('a refused camera and microphone are told, and joining goes on without', async ({ people }) => {
  const ann = await people.join('Ann', { persona: voice });
  const bob = await people.arrive('Bob', { kind: 'denied' });
  await expect(bob.page.getByText('not to give this page your camera')).toBeVisible();
  await expect(bob.page.getByText('not to give this page your microphone')).toBeVisible();
  await joinsWithout(bob, ann);
});

test('a machine without any device is told so, and joining goes on without', async ({ people }) => {
  const ann = await people.join('Ann', { persona: voice });
  const bob = await people.arrive('Bob', { kind: 'noDevices' });
  await expect(bob.page.getByText('No camera was found')).toBeVisible();
  await expect(bob.page.getByText('No microphone was found')).toBeVisible();
  await joinsWithout(bob, ann);
  await expect(ann.tile('Bob')).toHaveAccessibleName(/No microphone/);
});

test('no camera alone leaves the microphone', async ({ people }) => {
  const ann = await people.join('Ann', { persona: voice });
  const bob = await people.arrive('Bob', { kind: 'noCamera' });
  await expect(bob.page.getByText('No camera was found')).toBeVisible();
  await expect(bob.page.getByText('No microphone was found')).toBeHidden();
  await joinsWithout(bob, ann);
  await ann.hearsAnything();
});

test('a page that is not secure says why there is no camera, and joining goes on without', async ({ people, program }) => {
  const ann = await people.join('Ann', { persona: voice });
  const bob = await people.arrive('Bob', { url: `http://name.test:${program.port}` });
  await expect(bob.page.getByText('This page is not secure')).toBeVisible();
  await joinsWithout(bob, ann);
});

test('another camera and microphone are used without a word to the others, and are remembered', async ({ people }) => {
  const ann = await people.join('Ann', { kind: 'threeCameras' });
  const bob = await people.join('Bob');
  await bob.sees('Ann');
  const described = [await ann.descriptions(), await bob.descriptions()];
  await ann.controls.getByRole('button', { name: 'Settings' }).click();
  for (const kind of ['Camera', 'Microphone', 'Speaker']) {
    const box = ann.page.getByRole('combobox', { name: kind, exact: true });
    const options = await box.locator('option').evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value));
    const other = options.findLast((value) => value !== '')!;
    await expect(box).not.toHaveValue(other);
    await box.selectOption(other);
    await expect(box).toHaveValue(other);
  }
  await expect.poll(() => ann.page.evaluate(() => window.probe.captured.at(-1)!.label)).toMatch(/Fake Audio Input|fake_device_2/);
  await expect.poll(() => ann.liveCameras()).toBe(1);
  await ann.page.keyboard.press('Escape');
  await bob.sees('Ann');
  expect([await ann.descriptions(), await bob.descriptions()]).toEqual(described);

  const camera = await ann.page.evaluate(
    () => window.probe.captured.findLast((track) => track.kind === 'video')!.getSettings().deviceId,
  );
  await ann.leave();
  await ann.button('Join again').click();
  await expect(ann.page.getByRole('combobox', { name: 'Camera', exact: true })).toHaveValue(camera!);
  const again = await people.arrive('Ann', { context: ann.context });
  await expect(again.page.getByRole('combobox', { name: 'Camera', exact: true })).toHaveValue(camera!);
});

test('camera off really lets go of it, and on again the others see it', async ({ people }) => {
  const ann = await people.join('Ann', { persona: null });
  const bob = await people.join('Bob');
  await bob.sees('Ann');
  const described = await ann.descriptions();
  await ann.controls.getByRole('button', { name: 'Turn camera off' }).click();
  await expect(bob.tile('Ann')).toHaveAccessibleName(/Camera off/);
  expect(await ann.liveCameras()).toBe(0);
  const sending = (): Promise<boolean> =>
    ann.page.evaluate(() =>
      window.probe.connections.some((one) => one.getSenders().some((sender) => sender.track?.kind === 'video')),
    );
  expect(await sending()).toBe(false);
  await ann.controls.getByRole('button', { name: 'Turn camera on' }).click();
  await bob.sees('Ann');
  expect(await sending()).toBe(true);
  expect(await ann.descriptions()).toBe(described);
});

test('muted is silence, and the others see it', async ({ people }) => {
  const { tone } = voice;
  const ann = await people.join('Ann');
  const bob = await people.join('Bob', { persona: voice });
  await expect.poll(() => ann.hears([tone])).toEqual([tone]);
  await bob.controls.getByRole('button', { name: 'Mute microphone' }).click();
  await expect(ann.tile('Bob')).toHaveAccessibleName(/Muted/);
  await expect.poll(() => ann.hears([tone])).toEqual([]);
  await bob.controls.getByRole('button', { name: 'Unmute microphone' }).click();
  await expect(ann.tile('Bob')).not.toHaveAccessibleName(/Muted/);
  await expect.poll(() => ann.hears([tone])).toEqual([tone]);
});

test('what is off in the lobby stays off in the call', async ({ people }) => {
  const ann = await people.join('Ann');
  const bob = await people.arrive('Bob');
  await bob.button('Turn camera off').click();
  await bob.button('Mute microphone').click();
  await expect.poll(() => bob.liveCameras()).toBe(0);
  await bob.join();
  await expect(ann.tile('Bob')).toHaveAccessibleName(/Muted.*Camera off|Camera off.*Muted/);
  await bob.sees('Ann');
});
