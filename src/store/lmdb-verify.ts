/** Run as a process: reads every entry of the LMDB store named; ends with 0 when all could be read. */
import { open } from 'lmdb';

const db = open({ path: process.argv[2]!, readOnly: true, overlappingSync: false, encoding: 'binary' });
let bytes = 0;
for (const entry of db.getRange({})) bytes += (entry.value as Uint8Array).length;
process.stdout.write(`${bytes}\n`);
