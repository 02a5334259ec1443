// Random names for pages and links.

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** Makes a random name of 16 characters (80 bits), fit for `page` and `link` of the protocol. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('');
}
