// SPDX-License-Identifier: MIT
// What is used of WebAssembly; its types come with the DOM's otherwise.

declare namespace WebAssembly {
  class Module {
    constructor(bytes: BufferSource);
    static imports(module: Module): { name: string }[];
  }
  class Instance {
    constructor(module: Module);
    readonly exports: Record<string, unknown>;
  }
  type BufferSource = ArrayBufferView<ArrayBuffer> | ArrayBuffer;
}
