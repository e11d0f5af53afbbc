/** Files in a cloud's folders that no receipt names. */
import type { KvReader } from '../contract/kv.ts';
import type { Receipt } from '../contract/store.ts';
import { printable } from '../domain/text.ts';
import { streamsIn } from './cloud-names.ts';
import { pages } from './cloud-reader.ts';
import { decodeReceipt, epochFolder, refOf } from './cloud-records.ts';
import type { VerifyFiles } from './verify-files.ts';
import type { Findings } from './verify-findings.ts';
import { seqOf } from './verify-lines.ts';

/** Names of the files of one epoch, by folder. */
export class FileNames {
  readonly #folders = new Map<string, Numbers>();
  readonly #others = new Set<string>();

  add(file: string): void {
    const [folder, number] = split(file);
    if (number === null) {
      this.#others.add(file);
      return;
    }
    const names = this.#folders.get(folder) ?? new Numbers();
    this.#folders.set(folder, names);
    names.add(number);
  }

  has(file: string): boolean {
    const [folder, number] = split(file);
    return number === null ? this.#others.has(file) : (this.#folders.get(folder)?.has(number) ?? false);
  }
}

/** Eight bytes each: there may be millions. */
class Numbers {
  #numbers = new Float64Array(64);
  #count = 0;
  #isSorted = true;

  add(number: number): void {
    if (this.#count === this.#numbers.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#count++] = number;
    this.#isSorted = false;
  }

  has(number: number): boolean {
    if (!this.#isSorted) this.#numbers.subarray(0, this.#count).sort();
    this.#isSorted = true;
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#numbers[middle]! < number) low = middle + 1;
      else high = middle;
    }
    return low < this.#count && this.#numbers[low] === number;
  }
}

/** The folder, and `<second>[-n].ndjson` of `data` or `….json` of `gaps` as a number of its own in there. */
function split(file: string): [folder: string, number: number | null] {
  const match = /^((data|gaps)\/.*)\/(0|[1-9]\d{0,9})(?:-([1-9]\d{0,5}))?\.(ndjson|json)$/.exec(file);
  if (!match) return ['', null];
  const [, folder = '', top, second, number = '0', ending] = match;
  if ((top === 'data') !== (ending === 'ndjson')) return ['', null];
  return [folder, Number(second) * 2 ** 20 + Number(number)];
}

interface Where {
  readonly kv: KvReader;
  readonly files: VerifyFiles;
  readonly findings: Findings;
}

/** Unknown files that are kept until it is known whether they came meanwhile. */
const unknownMax = 10_000;

/** Looks through the folders of an epoch, once its receipts were walked. */
export async function findForeignFiles(
  where: Where,
  edge: string,
  epoch: string,
  known: FileNames,
): Promise<void> {
  const unknown = new Set<string>();
  /** @param inner the folder of a stream: there are none in there */
  const look = async (folder: string, inner: boolean) => {
    for await (const { name, isDirectory } of where.files.list(folder)) {
      const file = `${folder}/${name}`;
      if (known.has(file) || unknown.size >= unknownMax) continue;
      if (/^\.\d+-\d+\.tmp$/.test(name)) {
        where.findings.remark(
          'unfinished-file',
          file,
          'a file that was being written; it becomes whole or is left from a crash, and can be deleted when the cloud does not run',
        );
      } else if (!isDirectory) unknown.add(file);
      else if (!inner && isOfStream(where.kv, edge, epoch, name)) await look(file, true);
      else where.findings.remark('foreign-directory', file, "a directory that is not the cloud's");
    }
  };
  for (const top of ['data', 'gaps']) await look(`${top}/${edge}/${epoch}`, false);
  if (unknown.size === 0) return;
  for (const { file } of receiptsOf(where.kv, edge, epoch)) unknown.delete(file);
  for (const file of unknown) where.findings.remark('foreign-file', file, await describe(where.files, file));
}

/** Also one that began after the walk: its receipts are older than its folder. */
function isOfStream(kv: KvReader, edge: string, epoch: string, name: string): boolean {
  const path = `${edge}/${epoch}/${name}`;
  return streamsIn(kv, edge, epoch).some((stream) => epochFolder({ edge, epoch, stream }) === path);
}

async function describe(files: VerifyFiles, file: string): Promise<string> {
  const found = await files.read(file, 64 * 2 ** 20);
  const seq = found && 'bytes' in found ? seqOf(found.bytes) : null;
  const begins = seq === null ? '' : `; it begins with seq ${seq}`;
  return `no receipt names this file, so nothing of it counts${begins}`;
}

function* receiptsOf(kv: KvReader, edge: string, epoch: string): Iterable<Receipt> {
  for (const { key, value } of pages(kv, ['receipt', edge, epoch], ['receipt', edge, `${epoch} `])) {
    try {
      yield decodeReceipt(refOf(key, 1), value);
    } catch {
      // Its walk has told of it.
    }
  }
}

/** Folders of edges and epochs that have no receipts at all. */
export async function findForeignFolders(
  { files, findings }: Pick<Where, 'files' | 'findings'>,
  epochsOf: ReadonlyMap<string, ReadonlySet<string>>,
  isAll: boolean,
): Promise<void> {
  const seen = new Set<string>();
  for (const top of ['data', 'gaps']) {
    if (isAll) {
      for await (const { name } of files.list(top)) {
        if (epochsOf.has(name) || seen.has(name)) continue;
        seen.add(name);
        findings.remark(
          'foreign-directory',
          `${top}/${name}`,
          `no receipt is of an edge \`${printable(name)}\`: nothing in it counts`,
        );
      }
    }
    for (const [edge, epochs] of epochsOf) {
      for await (const { name, isDirectory } of files.list(`${top}/${edge}`)) {
        const path = `${top}/${edge}/${name}`;
        if (!isDirectory) findings.remark('foreign-file', path, await describe(files, path));
        if (!isDirectory || epochs.has(name) || seen.has(`${edge}/${name}`)) continue;
        seen.add(`${edge}/${name}`);
        findings.remark(
          'foreign-directory',
          path,
          'no receipt is of this epoch: files of a store that is gone, which `fogrun cat` prints and nothing proves',
        );
      }
    }
  }
}
