/** Checks of a directory that a store lives in or will be made in: rights, file system, room, speed. */
import { access, constants, open, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, Random } from '../../contract/clock.ts';
import { formatDuration, formatSize } from '../../domain/quantities.ts';
import { type Finding, failure, good, warning } from './finding.ts';

export interface DiskCheck {
  /** Absolute; need not be there yet. */
  readonly path: string;
  /** What stores in it may come to, bytes; 0 when not known. */
  readonly bytesMax: number;
  /** What the stores in it leave free, bytes: the most that one of them does. */
  readonly headroomBytes: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** With less than this beyond what stores leave free, they soon take nothing more. */
const spareBytesMin = 48 * 2 ** 20;
/** What a file system that is full may still show as free. */
const fullBytes = 2 ** 20;
const inodesMin = 1_000;
const syncSlowMs = 100;
const syncs = 5;

/** Names by the numbers that statfs(2) has. */
const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  2435016766: 'btrfs',
  1481003842: 'xfs',
  4076150800: 'f2fs',
  16914836: 'tmpfs',
  2240043254: 'ramfs',
  2035054128: 'overlay',
  26985: 'NFS',
  4283649346: 'CIFS',
  4266872130: 'SMB',
  1702057286: 'FUSE',
  19780: 'FAT',
  538032816: 'exFAT',
  16914839: '9p',
};

export async function checkDisk(check: DiskCheck): Promise<Finding[]> {
  const about = 'disk';
  const existing = await nearestExisting(check.path);
  const where = existing === check.path ? check.path : `${check.path} (to be made in ${existing})`;
  const found = await stat(existing);
  if (!found.isDirectory()) {
    return [failure(about, `${existing} is not a directory`, 'Choose another with --state or FOGRUN_STATE.')];
  }
  const writable = await access(existing, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!writable) {
    const who = `uid ${process.getuid?.() ?? 'unknown'}`;
    return [
      failure(
        about,
        `${where} cannot be written by ${who}; it belongs to uid ${found.uid}`,
        `Give it to that account: chown -R, or choose another with FOGRUN_STATE.`,
      ),
    ];
  }
  const findings: Finding[] = [];
  const uid = process.getuid?.();
  if (uid !== undefined && found.uid !== uid && existing === check.path && uid !== 0) {
    findings.push(
      warning(
        about,
        `${where} belongs to uid ${found.uid}, not to uid ${uid}`,
        'Run fogrun as its owner, always the same.',
      ),
    );
  }
  const system = await statfs(existing);
  const kind = fileSystems[system.type >>> 0] ?? `type 0x${(system.type >>> 0).toString(16)}`;
  findings.push(kindFinding(where, kind));
  // Some have no blocks of their own, such as /proc: whether there is room is seen from what can be written.
  if (system.blocks > 0) findings.push(roomFinding(where, system.bavail * system.bsize, check));
  // Some file systems make them as they go and count none.
  if (system.files > 0 && system.ffree < inodesMin) {
    findings.push(
      failure(
        about,
        `${where} has ${system.ffree} inodes left`,
        'Delete small files there, or use another file system.',
      ),
    );
  }
  const measured = await speed(existing, check).catch((error: NodeJS.ErrnoException) =>
    unwritableFinding(where, error),
  );
  // One word about a full disk is enough.
  const told = findings.some(({ grade }) => grade === 'failure');
  if (measured.grade !== 'failure' || !told) findings.push(measured);
  return findings;
}

function kindFinding(where: string, kind: string): Finding {
  switch (kind) {
    case 'tmpfs':
    case 'ramfs':
      return warning(
        'disk',
        `${where} is on ${kind}: in memory, gone after a reboot`,
        'Choose a directory on a disk with FOGRUN_STATE.',
      );
    case 'overlay':
      return warning(
        'disk',
        `${where} is on ${kind}: in a container it goes with the container`,
        'Mount a volume there.',
      );
    case 'NFS':
    case 'CIFS':
    case 'SMB':
    case '9p':
      return warning(
        'disk',
        `${where} is on ${kind}: LMDB wants a local disk`,
        'Choose a local directory with FOGRUN_STATE.',
      );
    case 'FAT':
    case 'exFAT':
      return failure(
        'disk',
        `${where} is on ${kind}, which has no hard links: no store can be owned there`,
        'Use ext4, or another directory.',
      );
    default:
      return good('disk', `${where} is on ${kind}`);
  }
}

export function roomFinding(
  where: string,
  freeBytes: number,
  { bytesMax, headroomBytes }: Pick<DiskCheck, 'bytesMax' | 'headroomBytes'>,
): Finding {
  const free = `${formatSize(freeBytes)} free for ${where}`;
  const least = formatSize(headroomBytes);
  if (freeBytes < headroomBytes) {
    const text = freeBytes < fullBytes ? `the disk is full: ${free}` : free;
    return failure('disk', text, `Free some: with less than ${least}, stores there take nothing more.`);
  }
  if (freeBytes < headroomBytes + spareBytesMin) {
    return warning('disk', `only ${free}`, `Free some: below ${least}, stores there take nothing more.`);
  }
  if (bytesMax === 0 || freeBytes >= bytesMax) return good('disk', free);
  return warning(
    'disk',
    `${free}, less than stores may take (${formatSize(bytesMax)})`,
    'Lower `store.max`, or free some.',
  );
}

/** Why a small file could not be written. */
export function unwritableFinding(where: string, error: NodeJS.ErrnoException): Finding {
  if (error.code === 'EDQUOT') {
    return failure(
      'disk',
      `the quota of this account on ${where} is used up`,
      'Delete files of this account there, or have the quota raised.',
    );
  }
  if (error.code !== 'ENOSPC') {
    return failure(
      'disk',
      `no file can be written in ${where}: ${error.code ?? error.message}`,
      'Nothing can be stored there: choose another with --state or FOGRUN_STATE.',
    );
  }
  return failure(
    'disk',
    `the disk is full: not even a small file can be written in ${where}`,
    'Delete what is not needed there: without room, stores take nothing more.',
  );
}

/** Median time of a small synced write, as each commit needs one. */
async function speed(directory: string, { clock, random }: DiskCheck): Promise<Finding> {
  const path = join(directory, `.fogrun-doctor-${Buffer.from(random.bytes(8)).toString('hex')}`);
  const file = await open(path, 'wx', 0o600);
  const times: number[] = [];
  try {
    for (let i = 0; i < syncs; i++) {
      const from = clock.monotonic();
      await file.write(Buffer.alloc(4_096, i));
      await file.datasync();
      times.push(clock.monotonic() - from);
    }
  } finally {
    await file.close();
    await unlink(path);
  }
  const median = times.sort((a, b) => a - b)[Math.floor(syncs / 2)]!;
  const text = `a synced write takes ${median < 1 ? 'less than 1ms' : formatDuration(Math.round(median))}`;
  if (median < syncSlowMs) return good('disk', text);
  return warning(
    'disk',
    `${text}: slow, as SD cards are`,
    'Let readings gather: `commit-every: 10s` at the file-rotator.',
  );
}

export async function nearestExisting(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const there = await stat(at).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false;
        throw error;
      },
    );
    if (there || dirname(at) === at) return at;
  }
}
