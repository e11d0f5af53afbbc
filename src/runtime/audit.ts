/**
 * Who changed what in a running pipeline: one JSON line each in `audit.ndjson` beside its control socket. At 1 MiB the
 * file becomes `audit.ndjson.1`, in place of the one before.
 */
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AuditEntry } from '../contract/control.ts';
import { makeDirectory, syncDirectory } from '../store/directory.ts';

export const auditName = 'audit.ndjson';
/** Size at which a new file begins, bytes. */
const fileBytesMax = 2 ** 20;
/** Entries that may wait for a slow disk; what comes then is counted as failed. */
const waitingMax = 1_000;

export interface Audit {
  /** Takes an entry; never throws. */
  write(entry: AuditEntry): void;
  /** Resolves when all that was taken is on the disk, or has failed. */
  settled(): Promise<void>;
}

export interface AuditOptions {
  /** Directory of the pipeline's state; made with mode 0700 when it is missing. */
  readonly directory: string;
  /** Called for an entry that cannot be written, with a reason in few words. Nothing is refused for that. */
  readonly failed: (reason: string, entry: AuditEntry) => void;
}

/** Opens nothing before the first entry. */
export function createAudit({ directory, failed }: AuditOptions): Audit {
  const path = join(directory, auditName);
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  const append = async (entry: AuditEntry) => {
    try {
      await makeDirectory(dirname(directory));
      await mkdir(directory, { mode: 0o700 }).catch(unless('EEXIST'));
      await rotate(path);
      await appendLine(path, auditLine(entry));
    } catch (thrown) {
      failed(String((thrown as { code?: unknown }).code ?? thrown), entry);
    }
    waiting -= 1;
  };
  return {
    write(entry) {
      if (waiting >= waitingMax) return failed('the disk is too slow', entry);
      waiting += 1;
      last = last.then(() => append(entry));
    },
    settled: () => last,
  };
}

/** As it stands in the file. JSON has no line ends of its own, so one entry is one line whatever was typed. */
export function auditLine({ timeMs, by, action, target, outcome, detail }: AuditEntry): string {
  const { user, command, pid } = by;
  const time = new Date(timeMs).toISOString();
  return `${JSON.stringify({ time, user, pid: pid ?? null, command, action, target, outcome, detail })}\n`;
}

async function rotate(path: string): Promise<void> {
  const found = await open(path, 'r').catch(unless('ENOENT'));
  if (!found) return;
  const { size } = await found.stat().finally(() => found.close());
  if (size < fileBytesMax) return;
  await rename(path, `${path}.1`);
}

async function appendLine(path: string, line: string): Promise<void> {
  const file: FileHandle = await open(path, 'a', 0o600);
  try {
    const { size } = await file.stat();
    await file.appendFile(line);
    await file.sync();
    if (size === 0) await syncDirectory(dirname(path));
  } finally {
    await file.close();
  }
}

const unless = (expected: string) => (error: NodeJS.ErrnoException) => {
  if (error.code !== expected) throw error;
  return undefined;
};
