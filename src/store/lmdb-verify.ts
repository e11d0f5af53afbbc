/**
 * Run as a process: reads every entry of the LMDB store named; ends with 0 when all could be read and they are as many
 * as the store says it has.
 */
import { open } from 'lmdb';

const db = open({ path: process.argv[2]!, readOnly: true, overlappingSync: false, encoding: 'binary' });
let bytes = 0;
let entries = 0;
for (const entry of db.getRange({})) {
  bytes += (entry.value as Uint8Array).length;
  entries++;
}
process.stdout.write(`${entries} entries, ${bytes} bytes\n`);
if (entries !== (db.getStats() as { entryCount: number }).entryCount) process.exitCode = 1;
