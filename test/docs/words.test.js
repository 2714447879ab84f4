// SPDX-License-Identifier: MIT
'use strict';

// Words that docs/glossary.md has replaced are not used in their old meaning.
// Where such a word is also plain English, only the names made of it are
// looked for.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { ROOT } = require('./markdown.js');

const FOLDERS = ['native', 'lib', 'cli', 'docs', 'test'];
const TEXTS = /\.(c|cc|h|inc|js|mjs|ts|mts|md)$/;
/** Generated, installed, or about these very words. */
const LEFT_OUT =
  /(^|\/)(node_modules|corpus|build)\/|lib\/wasm\/bytes|words\.test\.js$/;

/** Of each: its names and prose, and what stands for it now. @type {[RegExp, string][]} */
const WORDS = [
  [/\bhf_behind|\bis_?[bB]ehind\b/, 'reachability'],
  [/\bhf_(checkup|chore)|\bchores?\b/, 'reset'],
  [/\bhf_upkeep/, 'janitor'],
  [/\bhf_kept|\bhf_cache_kept/, 'cached_result'],
  [/\bhf_terms|\bhf_cache_terms/, 'cache_params'],
  [/\b(Cache)?Ear\b/, 'NotificationListener, CacheInvalidator'],
  [/\bhf_tell/, 'emit'],
  [/\bhf_labels?\b|\bhf_label_/, 'tag'],
  [/\bhf_shapes?\b|\bhf_shape_/, 'row description'],
  [/\bhf_names_/, 'prepared'],
  [/\bhf_blocks?\b|\bhf_block_/, 'message'],
  [/\bhf_\w*world\b/, 'hf_pool_io, hf_listener_io, hf_health_io'],
  [/\bdespair/, 'fail_unreachable'],
  [/\bpiecewise\b/, 'chunked'],
  [/\bcompany\b|_company\b/, 'not_in_transaction'],
  [/_parts\.h\b/, '_internal'],
  [/\b(kQ|q)uiet[A-Z_]/, 'unref or idle'],
  [/\bhf_settle/, 'session_setup'],
  [/\bpastPooler\b/, 'bypassPooler'],
  [/\bTold\b/, 'ResultMeta'],
  [/\bHF_WORRY|\bHF_HEALTH_WORRIES|\bhf_worry|\bWORR(Y|IES)\b/, 'issue'],
  [/\bworr(y|ies)(_of|Of)?\b/, 'issue'],
  [
    /\bHF_OP_GREET|\bOP\.GREET|\bHF_FLAG_HEARS/,
    'HF_OP_HOOK, HF_FLAG_WANTS_NOTICES',
  ],
  [/\bgreets\b|\b[gG]reetings?\b|noteGreeting|#greeted/, 'connect hook'],
  [/\bhears[A-Z(]/, 'wantsNotices, hasSubscribers'],
  [/\bHF_OP_FORGET|\bOP\.FORGET|\bFORGET_ID/, 'DEALLOCATE, RESTART_ID'],
  [/FATE_EVENT(_|\.)LEFT\b|\bREASON_LEFT\b/, 'ABANDONED'],
  [/(->|\.)outside\b|\bbool outside\b/, 'external'],
  [/\bopenFields\b/, 'openOperation'],
  [/\bNO_TERMS\b|\bTerms\b/, 'NO_LIMITS, Limits'],
  [/\bterms(->|\.[a-z_]+\b)|\*terms\b/, 'params, max_age, limits'],
  [/\bhurr(y|ies|ied)_|_hurry\b|\bhurried\b/, 'probe_soon'],
];

/** Names of modules that have a new one. @type {[RegExp, string][]} */
const FILES = [
  [/^native\/core\/.*\/behind\.[ch]$/, 'reachability'],
  [/\/checkup\.[ch]$/, 'reset'],
  [/\/upkeep\.[ch]$/, 'janitor'],
  [/^native\/net\/.*\/kept\.[ch]$/, 'cached_result'],
  [/^native\/net\/.*\/terms\.[ch]$/, 'cache_params'],
  [/^native\/net\/.*\/world\.[ch]$/, 'pool_io'],
  [/^native\/net\/.*\/tell\.[ch]$/, 'events'],
  [/^native\/net\/.*\/names\.[ch]$/, 'prepared'],
  [/^native\/net\/.*\/(shapes?|columns)\.[ch]$/, 'row_description'],
  [/\/settle\.[ch]$/, 'session_setup'],
  [/\/own_unit\.[ch]$/, 'internal_unit'],
  [/\/greeting\.[ch]$/, 'connect_hook'],
  [/^native\/net\/.*\/block\.[ch]$/, 'message'],
  [/^native\/.*_parts\.h$/, '_internal'],
  [/\/labels\.[ch]$/, 'tag_index'],
  [/^lib\/.*\/harmless\.js$/, 'command tags'],
  [/^lib\/.*\/open-(fields|message)\.js$/, 'open-operation'],
  [/^lib\/.*\/greet\.js$/, 'connect-hook'],
  [/^lib\/.*\/answer\.js$/, 'callbacks'],
  [/^lib\/.*\/bounds\.js$/, 'deadline'],
  [/^lib\/.*\/copy\.js$/, 'package-instance'],
];

/** @returns {string[]} */
function files() {
  return FOLDERS.flatMap((folder) =>
    fs
      .readdirSync(path.join(ROOT, folder), {
        encoding: 'utf8',
        recursive: true,
      })
      .map((name) => `${folder}/${name}`)
      .filter((name) => TEXTS.test(name) && !LEFT_OUT.test(name)),
  );
}

/**
 * @param {string} file
 * @param {string} text
 * @param {[RegExp, string][]} words
 * @returns {string[]} one for each line with one of the words
 */
function found(file, text, words) {
  return text.split('\n').flatMap((line, i) =>
    words
      .filter(([pattern]) => pattern.test(line))
      .map(([pattern, now]) => {
        const [word] = pattern.exec(line) ?? [];
        return `${file}:${i + 1}: ${word} (now: ${now})`;
      }),
  );
}

const all = files();

test('words that were replaced are in no text', () => {
  assert.ok(all.length > 500, String(all.length));
  const hits = all.flatMap((file) =>
    found(file, fs.readFileSync(path.join(ROOT, file), 'utf8'), WORDS),
  );
  assert.deepStrictEqual(hits, []);
});

test('no file has a name that was replaced', () => {
  const hits = all.filter((file) =>
    FILES.some(([pattern]) => pattern.test(file)),
  );
  assert.deepStrictEqual(hits, []);
});

test('a replaced word is found where it stands', () => {
  assert.deepStrictEqual(found('a.js', 'one\nnew CacheEar();\n', WORDS), [
    'a.js:2: CacheEar (now: NotificationListener, CacheInvalidator)',
  ]);
});
