/**
 * Walks the pages of an LMDB data file with plain reads, so that no damage can end the process. Sees what a read of all
 * entries does not: the tree of free pages, which only commits use. Offsets: `MDB_page`, `MDB_db`, `MDB_node` in mdb.c.
 */
import type { FileHandle } from 'node:fs/promises';

const headerBytes = 24;
const nodeBytes = 8;
const [branchFlag, leafFlag, overflowFlag, kindMask] = [1, 2, 4, 0xff];
const bigDataFlag = 1;
const noPage = 2n ** 64n - 1n;
/** Trees in the meta page: free pages, then entries. */
const treeOffsets = [48, 96] as const;
/** The two before it are meta pages. */
const firstDataPage = 2;

export interface WalkOptions {
  readonly pageBytes: number;
  readonly lastPage: number;
  /** The newest meta page. */
  readonly meta: Buffer;
  /** Stop without a complaint after so many pages. */
  readonly pagesMax?: number;
}

interface Branch {
  readonly page: number;
  readonly level: number;
}

/** A damage, as part of a sentence after the file's name. */
class Damage extends Error {}

/** What is wrong with the pages of an LMDB file, as the end of a sentence; `null` when nothing was found. */
export async function walkPages(handle: FileHandle, options: WalkOptions): Promise<string | null> {
  const { size } = await handle.stat();
  const walk = new Walk(handle, options, Math.min(options.lastPage + 1, Math.ceil(size / options.pageBytes)));
  try {
    for (const [at, offset] of treeOffsets.entries()) await walk.tree(offset, at === 0);
    return null;
  } catch (error) {
    if (error instanceof Damage) return error.message;
    throw error;
  }
}

class Walk {
  readonly #handle: FileHandle;
  readonly #options: WalkOptions;
  readonly #filePages: number;
  readonly #seen: Uint8Array;
  #pages = 0;

  /** @param pages how many the file has; its last ones may be missing while they are free */
  constructor(handle: FileHandle, options: WalkOptions, pages: number) {
    this.#handle = handle;
    this.#options = options;
    this.#filePages = pages;
    this.#seen = new Uint8Array(Math.ceil(pages / 8));
  }

  async tree(offset: number, free: boolean): Promise<void> {
    const { meta, pagesMax = Number.POSITIVE_INFINITY } = this.#options;
    const depth = meta.readUInt16LE(offset + 6);
    const entries = Number(meta.readBigUInt64LE(offset + 32));
    const root = meta.readBigUInt64LE(offset + 40);
    if (root === noPage) {
      if (entries > 0) throw new Damage(`has lost the root of ${entries} entries`);
      return;
    }
    let found = 0;
    const queue: Branch[] = [{ page: Number(root), level: 1 }];
    for (let next = 0; next < queue.length; next++) {
      if (this.#pages >= pagesMax) return;
      const { page, level } = queue[next]!;
      const bytes = await this.#read(page, this.#options.pageBytes, level < depth ? branchFlag : leafFlag);
      this.#claim(page, 1);
      for (const at of this.#nodes(page, bytes)) {
        if (level < depth) {
          const low = bytes.readUInt32LE(at);
          queue.push({ page: low + bytes.readUInt16LE(at + 4) * 2 ** 32, level: level + 1 });
        } else {
          found++;
          await this.#leafNode(page, bytes, at, free);
        }
      }
    }
    if (found !== entries) throw new Damage(`has ${found} of ${entries} entries`);
  }

  async #leafNode(page: number, bytes: Buffer, at: number, free: boolean): Promise<void> {
    const { pageBytes, lastPage } = this.#options;
    const dataBytes = bytes.readUInt32LE(at);
    const flags = bytes.readUInt16LE(at + 4);
    const start = at + nodeBytes + bytes.readUInt16LE(at + 6);
    let data = bytes.subarray(start, start + dataBytes);
    if (flags & bigDataFlag) {
      if (start + 8 > bytes.length) throw damaged(page);
      const first = Number(bytes.readBigUInt64LE(start));
      const pages = Math.ceil((headerBytes + dataBytes) / pageBytes);
      const head = await this.#read(first, free ? headerBytes + dataBytes : headerBytes, overflowFlag);
      if (head.readUInt32LE(20) !== pages) throw damaged(first);
      this.#claim(first, pages);
      data = head.subarray(headerBytes);
    } else if (start + dataBytes > bytes.length) throw damaged(page);
    if (!free) return;
    // A list of pages: how many numbers follow, then page numbers and (negative) lengths of runs.
    const count = data.length < 8 ? -1 : Number(data.readBigInt64LE(0));
    if (count < 0 || (count + 1) * 8 > data.length) throw damaged(page);
    for (let i = 1; i <= count; i++) {
      const number = data.readBigInt64LE(i * 8);
      if (number > lastPage || number < -lastPage) throw damaged(page);
    }
  }

  /** Offsets of the nodes of a page. */
  *#nodes(page: number, bytes: Buffer): Iterable<number> {
    const lower = bytes.readUInt16LE(20);
    const upper = bytes.readUInt16LE(22);
    if (lower % 2 !== 0 || lower > upper || upper > bytes.length - headerBytes) throw damaged(page);
    for (let i = 0; i < lower / 2; i++) {
      const pointer = bytes.readUInt16LE(headerBytes + 2 * i);
      const at = headerBytes + pointer;
      if (pointer < upper || at + nodeBytes > bytes.length) throw damaged(page);
      if (at + nodeBytes + bytes.readUInt16LE(at + 6) > bytes.length) throw damaged(page);
      yield at;
    }
  }

  async #read(page: number, length: number, kind: number): Promise<Buffer> {
    const { pageBytes, lastPage } = this.#options;
    if (!(page >= firstDataPage && page <= lastPage))
      throw new Damage(`points to page ${page} of ${lastPage}`);
    if (length > (this.#filePages - page) * pageBytes)
      throw new Damage(`is cut short: page ${page} is missing`);
    this.#pages++;
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(length), 0, length, page * pageBytes);
    if (bytesRead < length) throw new Damage(`is cut short: page ${page} is missing`);
    if (Number(buffer.readBigUInt64LE(0)) !== page) throw damaged(page);
    if ((buffer.readUInt16LE(18) & kindMask) !== kind) throw damaged(page);
    return buffer;
  }

  /** No page belongs to two places; so no walk is endless either. */
  #claim(page: number, pages: number): void {
    if (page + pages > this.#filePages) throw new Damage(`is cut short: page ${page} is not whole`);
    for (let n = page; n < page + pages; n++) {
      const [byte, bit] = [n >>> 3, 1 << (n & 7)];
      if (this.#seen[byte]! & bit) throw new Damage(`uses page ${n} twice`);
      this.#seen[byte]! |= bit;
    }
  }
}

function damaged(page: number): Damage {
  return new Damage(`has a damaged page ${page}`);
}
