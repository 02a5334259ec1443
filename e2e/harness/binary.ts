import path from 'node:path';

/** The built program. */
export const binary = process.env.PARLEY_BINARY ?? path.resolve(import.meta.dirname, '../../parley');
