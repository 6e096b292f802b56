// A zip archive of a few files, the same bytes for the same content: no dates, no order of a file system.
import { crc32, deflateRawSync } from "node:zlib";

/** 1 January 1980, the earliest that the format knows (PKWARE APPNOTE 4.4.6). */
const date = (1 << 5) | 1;
/** UTF-8 names; deflate; version 2.0; -rw-r--r-- on Unix. */
const flags = 0x0800;
const deflated = 8;
const version = 20;
const permissions = 0o100644;

interface Entry {
  readonly name: Buffer;
  readonly packed: Buffer;
  readonly size: number;
  readonly crc: number;
  readonly offset: number;
}

/** What local header and directory have in common (APPNOTE 4.3.7, 4.3.12). */
function facts({ name, packed, size, crc }: Entry): Buffer {
  const buffer = Buffer.alloc(26);
  for (const [at, value] of [version, flags, deflated, 0, date].entries()) buffer.writeUInt16LE(value, at * 2);
  buffer.writeUInt32LE(crc, 10);
  buffer.writeUInt32LE(packed.length, 14);
  buffer.writeUInt32LE(size, 18);
  buffer.writeUInt16LE(name.length, 22);
  return buffer;
}

function directoryEntry(entry: Entry): Buffer {
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE((permissions << 16) >>> 0, 6);
  rest.writeUInt32LE(entry.offset, 10);
  const madeBy = Buffer.from([version, 3]);
  return Buffer.concat([Buffer.from("PK\x01\x02"), madeBy, facts(entry), rest, entry.name]);
}

export function zip(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts: Buffer[] = [];
  const entries: Entry[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = deflateRawSync(content, { level: 9 });
    const entry = { name: Buffer.from(name), packed, size: content.length, crc: crc32(content), offset };
    const part = Buffer.concat([Buffer.from("PK\x03\x04"), facts(entry), entry.name, packed]);
    entries.push(entry);
    parts.push(part);
    offset += part.length;
  }
  const directory = Buffer.concat(entries.map(directoryEntry));
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, directory, Buffer.from("PK\x05\x06"), end]);
}
