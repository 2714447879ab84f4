// SPDX-License-Identifier: MIT
// Reads what a library for Windows (a "portable executable", 64 bit) takes from
// others, gives to others, and asks of the loader.

const fs = require('node:fs');

/**
 * @typedef {object} Imported
 * @property {string} library
 * @property {string[]} names
 */

/**
 * @typedef {object} Library
 * @property {number} flags DllCharacteristics
 * @property {number} relocations bytes of them: 0 = it has its one place
 * @property {string[]} exports
 * @property {Imported[]} imports
 * @property {Imported | null} delayed found when they are first called
 */

const AT = { EXPORTS: 0, IMPORTS: 1, RELOCATIONS: 5 };
const PE32_PLUS = 0x20b;
const SECTION_BYTES = 40;
const IMPORT_BYTES = 20;
/** Of a table of what is found late: its addresses are relative. */
const RELATIVE = 1;

/** The file as the loader maps it: read by addresses, not by offsets. */
class Image {
  #bytes;
  #sections;
  flags;
  /** @type {(index: number) => {address: number, size: number}} */
  directory;

  /** @param {Buffer} bytes */
  constructor(bytes) {
    const header = bytes.readUInt32LE(0x3c);
    const optional = header + 24;
    if (
      bytes.toString('latin1', header, header + 4) !== 'PE\0\0' ||
      bytes.readUInt16LE(optional) !== PE32_PLUS
    ) {
      throw new Error('this is no 64-bit program or library of Windows');
    }
    const first = optional + bytes.readUInt16LE(header + 20);
    this.#bytes = bytes;
    this.#sections = Array.from(
      { length: bytes.readUInt16LE(header + 6) },
      (_, i) => {
        const at = first + i * SECTION_BYTES;
        return {
          address: bytes.readUInt32LE(at + 12),
          size: bytes.readUInt32LE(at + 16),
          offset: bytes.readUInt32LE(at + 20),
        };
      },
    );
    this.flags = bytes.readUInt16LE(optional + 70);
    this.directory = (index) => ({
      address: bytes.readUInt32LE(optional + 112 + index * 8),
      size: bytes.readUInt32LE(optional + 116 + index * 8),
    });
  }

  /** @param {number} address @returns {number} in the file */
  #offset(address) {
    const section = this.#sections.find(
      (s) => address >= s.address && address < s.address + s.size,
    );
    if (section === undefined) {
      throw new Error(`nothing is at the address ${address}`);
    }
    return address - section.address + section.offset;
  }

  /** @param {number} address */
  number(address) {
    return this.#bytes.readUInt32LE(this.#offset(address));
  }

  /** @param {number} address */
  text(address) {
    const from = this.#offset(address);
    return this.#bytes.toString('latin1', from, this.#bytes.indexOf(0, from));
  }

  /** @param {number} offset in the file @returns {number} */
  #address(offset) {
    const section = this.#sections.find(
      (s) => offset >= s.offset && offset < s.offset + s.size,
    );
    return section === undefined
      ? 0
      : offset - section.offset + section.address;
  }

  /**
   * Where a number stands that follows another.
   *
   * @param {number} before
   * @param {number} value
   * @returns {number} the address of the first; 0 = nowhere
   */
  find(before, value) {
    const wanted = Buffer.alloc(8);
    wanted.writeUInt32LE(before, 0);
    wanted.writeUInt32LE(value, 4);
    const at = this.#bytes.indexOf(wanted);
    return at < 0 ? 0 : this.#address(at);
  }

  /** @param {string} text @returns {number} its address; 0 = nowhere */
  findText(text) {
    const at = this.#bytes.indexOf(`\0${text}\0`, 0, 'latin1');
    return at < 0 ? 0 : this.#address(at + 1);
  }

  /** @param {number} address of a list of names, as imports have it */
  names(address) {
    const names = [];
    for (let at = address; this.number(at) !== 0; at += 8) {
      names.push(this.text(this.number(at) + 2));
    }
    return names;
  }
}

/** @param {Image} image */
function exportsOf(image) {
  const { address, size } = image.directory(AT.EXPORTS);
  if (size === 0) {
    return [];
  }
  const names = image.number(address + 32);
  return Array.from({ length: image.number(address + 24) }, (_, i) =>
    image.text(image.number(names + i * 4)),
  );
}

/** @param {Image} image @returns {Imported[]} */
function importsOf(image) {
  const { address, size } = image.directory(AT.IMPORTS);
  const found = [];
  if (size > 0) {
    for (let at = address; image.number(at + 12) !== 0; at += IMPORT_BYTES) {
      found.push({
        library: image.text(image.number(at + 12)),
        names: image.names(image.number(at)),
      });
    }
  }
  return found;
}

/**
 * Binutils' linker names this table in no directory: it is found by the name
 * of its library.
 *
 * @param {Image} image
 * @param {string} library
 * @returns {Imported | null}
 */
function delayedOf(image, library) {
  const name = image.findText(library);
  const table = name === 0 ? 0 : image.find(RELATIVE, name);
  return table === 0
    ? null
    : { library, names: image.names(image.number(table + 16)) };
}

/**
 * @param {string} file
 * @param {string} host the library whose functions are found late
 * @returns {Library}
 */
function readLibrary(file, host) {
  const image = new Image(fs.readFileSync(file));
  return {
    flags: image.flags,
    relocations: image.directory(AT.RELOCATIONS).size,
    exports: exportsOf(image),
    imports: importsOf(image),
    delayed: delayedOf(image, host),
  };
}

module.exports = { readLibrary };
