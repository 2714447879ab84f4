#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Writes the numbers that C and JavaScript share as JavaScript: lib/protocol
// out of native/include/holdfast.h, its wasm.js out of native/wasm/abi.h.
//
//   node scripts/protocol.js          fails where a file is not current
//   node scripts/protocol.js --fix    writes them

const fs = require('node:fs');
const path = require('node:path');
const { ROOT, say } = require('./steps.js');

const HEADERS = [
  'native/include/holdfast_codes.h',
  'native/include/holdfast.h',
  'native/wasm/abi.h',
];
const FOLDER = 'lib/protocol';
const WIDTH = 80;

/**
 * What each file holds: a group of constants is the part of an enum whose
 * names begin with a prefix, which is left away.
 *
 * @typedef {[name: string, tag: string, prefix: string, what: string]} Group
 */

/** @type {Record<string, {about: string, groups: Group[]}>} */
const FILES = {
  operations: {
    about: 'What is asked of the engine: struct hf_op of holdfast.h.',
    groups: [
      ['OP', 'hf_op_kind', 'HF_OP_', 'Kinds of operations.'],
      ['OP_AT', 'hf_op_word', 'HF_OP_WORD_', 'Places in an operation.'],
      ['FLAG', 'hf_flag', 'HF_FLAG_', 'Flags of an operation.'],
      ['LIMIT', 'hf_limit', 'HF_', 'Times that hold where none is given.'],
      ['STREAM', 'hf_stream', 'HF_STREAM_', 'Portions of a stream.'],
      ['COPY', 'hf_copy_limit', 'HF_COPY_', 'Portions of COPY.'],
      ['DECODE', 'hf_decode', 'HF_DECODE_', 'Types that are decoded in C.'],
    ],
  },
  messages: {
    about: 'What the engine says: struct hf_message of holdfast.h.',
    groups: [
      ['MSG', 'hf_msg_kind', 'HF_MSG_', 'Kinds of messages.'],
      ['INT_AT', 'hf_int', 'HF_INT_', 'Places in every message.'],
      ['RESULT_AT', 'hf_int', 'HF_RESULT_', 'Places in a result.'],
      ['RESULT', 'hf_result_flag', 'HF_RESULT_', 'Flags of a result.'],
      [
        'ROW_DESCRIPTION_AT',
        'hf_int',
        'HF_ROW_DESCRIPTION_',
        'Places in a description of columns.',
      ],
      ['ERROR_AT', 'hf_int', 'HF_ERROR_', 'Places in an error.'],
      ['HEALTH_AT', 'hf_int', 'HF_HEALTH_', 'Places in a verdict of health.'],
      ['LEASE_AT', 'hf_int', 'HF_LEASE_', 'Places in a lease.'],
      ['COPY_AT', 'hf_int', 'HF_COPY_', 'Places in data of COPY.'],
      ['OK_AT', 'hf_int', 'HF_OK_', 'Places in a plain answer.'],
      ['OPENED_AT', 'hf_int', 'HF_OPENED_', "Places in a pool's answer."],
      ['EVENT_AT', 'hf_int', 'HF_EVENT_', 'Places in an event.'],
      ['ASK_AT', 'hf_int', 'HF_ASK_', 'Places in a question.'],
      ['EVENT', 'hf_event', 'HF_EVENT_', 'Kinds of events.'],
      ['COLUMN', 'hf_column', 'HF_COLUMN_', 'How a column travels.'],
      ['COMMAND', 'hf_command', 'HF_COMMAND_', 'First words of command tags.'],
      ['GAUGE', 'hf_gauge', 'HF_GAUGE_', "Places in a pool's gauges."],
      ['CIRCUIT', 'hf_circuit', 'HF_CIRCUIT_', 'States of the breaker.'],
      ['HEALTH', 'hf_health_status', 'HF_HEALTH_', 'Verdicts of health.'],
      [
        'OBSTACLE',
        'hf_health_obstacle',
        'HF_OBSTACLE_',
        'What keeps queries from working.',
      ],
      [
        'ISSUE',
        'hf_health_issue',
        'HF_ISSUE_',
        'What is wrong although they work.',
      ],
      ['ROLE', 'hf_health_role', 'HF_HEALTH_ROLE_', "A server's role."],
      [
        'POOLER',
        'hf_health_pooler',
        'HF_HEALTH_POOLER_',
        'What stands between.',
      ],
    ],
  },
  policy: {
    about: 'What the judge of failures reads and says.',
    groups: [
      ['STATUS', 'hf_status', 'HF_', 'Numbers of statuses.'],
      ['OUTCOME', 'hf_outcome', 'HF_OUTCOME_', 'What became of the work.'],
      ['UNIT', 'hf_error_unit', 'HF_UNIT_', 'What would have to be repeated.'],
      ['PHASE', 'hf_phase', 'HF_PHASE_', 'How far a unit had come.'],
      ['SEVERITY', 'hf_severity', 'HF_SEVERITY_', "The server's severity."],
      ['SPEAKER', 'hf_speaker', 'HF_SPEAKER_', 'Who reported an error.'],
      ['FACT', 'hf_fact', 'HF_FACT_', "Places in evidence's numbers."],
      [
        'EVIDENCE',
        'hf_evidence_text',
        'HF_EVIDENCE_',
        "Places in evidence's texts.",
      ],
      ['JITTER', 'hf_jitter', 'HF_JITTER_', 'How delays are spread.'],
      ['GROWTH', 'hf_growth', 'HF_GROWTH_', 'How delays grow.'],
      ['POLICY', 'hf_policy', 'HF_POLICY_', 'Places in a retry policy.'],
      ['RETRY_LIMIT', 'hf_retry_limit', 'HF_RETRY_LIMIT_', 'In ms.'],
      ['RUN_STATE', 'hf_run_state', 'HF_RUN_', 'Where a run stands.'],
      ['RUN_ON', 'hf_run_event_kind', 'HF_RUN_ON_', 'What happens to a run.'],
      ['RUN_DO', 'hf_run_action', 'HF_RUN_DO_', 'What is to be done.'],
      ['RUN_AT', 'hf_run_number', 'HF_RUN_AT_', "Places in a run's numbers."],
      ['TEXT', 'hf_text_trait', 'HF_TEXT_', 'What the text of SQL says.'],
      [
        'PLACEHOLDER',
        'hf_placeholder_kind',
        'HF_PLACEHOLDER_',
        'How a text names a parameter.',
      ],
      ['WITHIN', 'hf_within', 'HF_WITHIN_', 'What a placeholder stands in.'],
      ['FATE', 'hf_fate_step', 'HF_FATE_', 'What a lost COMMIT asks for.'],
      [
        'FATE_EVENT',
        'hf_fate_event',
        'HF_FATE_EVENT_',
        'How a step of that went.',
      ],
    ],
  },
  wasm: {
    about: 'How the core as WebAssembly is called: native/wasm/abi.h.',
    groups: [
      ['WORD', 'hf_wasm_word', 'HF_WORD_', 'Places in its words.'],
      ['NUMBER', 'hf_wasm_number', 'HF_NUMBER_', 'Places in its numbers.'],
      ['TRAIT', 'hf_wasm_trait', 'HF_TRAIT_', 'Bits of a verdict.'],
      ['UNREAD', 'hf_wasm_unread', 'HF_UNREAD_', 'What could not be read.'],
    ],
  },
};

/** @typedef {{name: string, value: number, about: string}} Constant */

/** @param {string} text of a comment, without its ends */
function plain(text) {
  return text
    .replace(/\n\s*\*?/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * Returns the rows of an X-macro, each as its columns. Texts that stand beside
 * each other are one.
 *
 * @param {string} macro
 * @param {string} text
 * @returns {string[][]}
 */
function rowsOf(macro, text) {
  const from = text.indexOf(`#define ${macro}(X)`);
  const rows = text.slice(from, text.indexOf('\n\n', from));
  return rows
    .replace(/\\\n/g, ' ')
    .replace(/"\s+"/g, '')
    .split(/\bX\((?!X\))/)
    .slice(1)
    .map((row) =>
      [...row.matchAll(/"((?:[^"\\]|\\.)*)"|\b(HF_\w+)/g)].map(
        ([, quoted, name = '']) => quoted?.replace(/\\"/g, '"') ?? name,
      ),
    );
}

/**
 * Replaces what an X-macro expands to within an enum by its first column.
 *
 * @param {string} body
 * @param {string} text of the headers
 * @returns {string}
 */
function expanded(body, text) {
  return body
    .replace(/^#.*$/gm, '')
    .replace(/(HF_\w+_MAP)\(\w+\)/g, (_use, macro) =>
      rowsOf(macro, text)
        .map(([name]) => `${name},`)
        .join(' '),
    );
}

/**
 * Reads the value of an enumerator: sums of numbers, names and shifts.
 *
 * @param {string} expression
 * @param {Map<string, number>} known
 * @returns {number}
 */
function numberOf(expression, known) {
  return expression.split('+').reduce((sum, term) => {
    const [base = 0, shift = 0] = term.split('<<').map((part) => {
      const value = known.get(part.trim()) ?? Number(part);
      if (!Number.isInteger(value)) {
        throw new Error(`cannot read the value ${expression}`);
      }
      return value;
    });
    return sum + (base << shift);
  }, 0);
}

/** A comment, or a name and what it is set to. */
const PARTS = /\/\*(.*?)\*\/|(\w+)(?:\s*=\s*([^,/}]+))?/gs;

/**
 * Reads an enum. What is said behind a name, or alone above it, describes it.
 *
 * @param {string} body
 * @param {Map<string, number>} known values of names; takes in this enum's
 * @returns {Constant[]}
 */
function constantsOf(body, known) {
  /** @type {Constant[]} */
  const list = [];
  let next = 0;
  let about = '';
  for (const { 1: comment, 2: name = '', 3: given, index } of body.matchAll(
    PARTS,
  )) {
    if (comment === undefined) {
      const value = given === undefined ? next : numberOf(given, known);
      known.set(name, value);
      list.push({ name, value, about });
      about = '';
      next = value + 1;
    } else if (/\S *$/.test(body.slice(0, index))) {
      /** @type {Constant} */ (list.at(-1)).about = plain(comment);
    } else {
      about = plain(comment);
    }
  }
  return list;
}

/**
 * @param {string[]} headers their texts
 * @returns {Map<string, Constant[]>} their enums by tag
 */
function enumsOf(headers) {
  /** @type {Map<string, Constant[]>} */
  const enums = new Map();
  /** @type {Map<string, number>} */
  const known = new Map();
  for (const text of headers) {
    for (const found of text.matchAll(/^enum (hf_\w+) \{([^}]*)\};/gm)) {
      const [, tag = '', body = ''] = found;
      enums.set(tag, constantsOf(expanded(body, headers.join('\n')), known));
    }
  }
  return enums;
}

/** @param {string} text @param {string} indent @returns {string} */
function jsdoc(text, indent) {
  const short = `${indent}/** ${text.replaceAll('*/', '*')} */`;
  if (short.length <= WIDTH) {
    return `${short}\n`;
  }
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (`${indent} * ${lines[last]} ${word}`.length > WIDTH) {
      lines.push(word);
    } else {
      lines[last] = `${lines[last]} ${word}`.trim();
    }
  }
  const body = lines.map((line) => `${indent} * ${line}\n`).join('');
  return `${indent}/**\n${body}${indent} */\n`;
}

/** @param {Group} group @param {Map<string, Constant[]>} enums */
function groupText([name, tag, prefix, what], enums) {
  const constants = (enums.get(tag) ?? []).filter((one) =>
    one.name.startsWith(prefix),
  );
  if (constants.length === 0) {
    throw new Error(`no enum ${tag} with names that begin with ${prefix}`);
  }
  const rows = constants.map(
    ({ name: full, value, about }) =>
      `${about ? jsdoc(about, '  ') : ''}` +
      `  ${full.slice(prefix.length)}: ${value},\n`,
  );
  return `${jsdoc(what, '')}const ${name} = Object.freeze({\n${rows.join('')}});\n`;
}

/** @param {string[]} names @returns {string} */
function exportsText(names) {
  const line = `module.exports = { ${names.join(', ')} };`;
  return line.length <= WIDTH
    ? `${line}\n`
    : `module.exports = {\n${names.map((name) => `  ${name},\n`).join('')}};\n`;
}

/** @param {string} name @param {string} what @param {string[][]} rows */
function tableText(name, what, rows) {
  const lines = rows.map(([code = '', text = '']) => {
    const quote = text.includes("'") ? '"' : "'";
    const value = `${quote}${text}${quote},\n`;
    const line = `  ${code}: ${value}`;
    return line.length <= WIDTH + 1 ? line : `  ${code}:\n    ${value}`;
  });
  return `${jsdoc(what, '')}const ${name} = Object.freeze({\n${lines.join('')}});\n`;
}

/**
 * Returns the registry of codes.
 *
 * @param {string} text of the headers
 * @returns {string}
 */
function codesText(text) {
  const statuses = rowsOf('HF_STATUS_MAP', text)
    .filter(([, code]) => code !== '')
    .map((row) => row.slice(1));
  const errors = [...statuses, ...rowsOf('HF_LOCAL_CODE_MAP', text)];
  const warnings = rowsOf('HF_WARNING_MAP', text);
  return (
    "// SPDX-License-Identifier: MIT\n'use strict';\n\n" +
    '// Every code of an error and of a warning: holdfast_codes.h.\n' +
    '// Written by `node scripts/protocol.js --fix`.\n\n' +
    '/** @typedef {keyof typeof ERRORS} ErrorCode */\n' +
    '/** @typedef {keyof typeof WARNINGS} WarningCode */\n\n' +
    `${tableText('ERRORS', 'Errors, and what each says.', errors)}\n` +
    `${tableText('WARNINGS', 'Warnings, and when each comes.', warnings)}\n` +
    exportsText(['ERRORS', 'WARNINGS'])
  );
}

/**
 * Returns what lib/protocol has to hold.
 *
 * @param {string[]} headers their texts
 * @returns {Map<string, string>} file to text
 */
function generate(headers) {
  const enums = enumsOf(headers);
  /** @type {Map<string, string>} */
  const files = new Map();
  for (const [name, { about, groups }] of Object.entries(FILES)) {
    files.set(
      `${FOLDER}/${name}.js`,
      "// SPDX-License-Identifier: MIT\n'use strict';\n\n" +
        `// ${about}\n// Written by \`node scripts/protocol.js --fix\`.\n\n` +
        `${groups.map((group) => groupText(group, enums)).join('\n')}\n` +
        exportsText(groups.map(([group]) => group).sort()),
    );
  }
  files.set(`${FOLDER}/codes.js`, codesText(headers.join('\n')));
  return files;
}

/** @param {string} file @returns {string} */
function read(file) {
  const full = path.join(ROOT, file);
  return fs.existsSync(full) ? fs.readFileSync(full, 'utf8') : '';
}

/** @returns {Map<string, string>} what differs: file to its right text */
function outdated() {
  const right = generate(HEADERS.map(read));
  return new Map([...right].filter(([file, text]) => read(file) !== text));
}

function main() {
  const wrong = outdated();
  if (process.argv.includes('--fix')) {
    for (const [file, text] of wrong) {
      fs.mkdirSync(path.join(ROOT, FOLDER), { recursive: true });
      fs.writeFileSync(path.join(ROOT, file), text);
    }
  } else {
    for (const file of wrong.keys()) {
      say(`${file}: not what the header says (scripts/protocol.js --fix)`);
    }
    process.exitCode = wrong.size > 0 ? 1 : 0;
  }
}

if (require.main === module) {
  main();
}

module.exports = { generate, outdated };
