// Which keys do what in lobby and room. Pure.

export type Shortcut = 'microphone' | 'camera';

/** The letters, as shown beside the buttons. */
export const letters: Record<Shortcut, string> = { microphone: 'M', camera: 'V' };

type Press = Pick<KeyboardEvent, 'key' | 'code' | 'repeat' | 'ctrlKey' | 'metaKey' | 'altKey' | 'isComposing'>;

/** What a key press asks for, if it is not part of typing or of a shortcut of the browser's. */
export function shortcutOf(press: Press, target: EventTarget | null): Shortcut | undefined {
  if (press.repeat || press.ctrlKey || press.metaKey || press.altKey || press.isComposing) return undefined;
  if (target instanceof Element && target.closest('input, select, textarea, [contenteditable], dialog')) return undefined;
  // A keyboard set to Hangul sends ㅡ for the key that says M: then the key's place decides.
  const letter = /^[a-z]$/i.test(press.key) ? press.key.toUpperCase() : press.code.replace(/^Key/, '');
  if (letter === letters.microphone) return 'microphone';
  if (letter === letters.camera) return 'camera';
  return undefined;
}
