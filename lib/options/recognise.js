// SPDX-License-Identifier: MIT
'use strict';

// What people paste, and what an environment hands on, where a connection
// string belongs: each is known before anything is parsed, and has a sentence
// of its own. Nothing of the string is repeated: it holds a password.

const SCHEME = /^(?:postgres(?:ql)?|pg):\/\//i;

/** A name and what stands between it and its value, as shells and YAML do. */
const ASSIGNMENT =
  /^(?:(?:export|set|setx|declare\s+-x)\s|\$env:|[a-z_][\w.-]*\s*[=:]\s*["'`]?\s*[a-z][a-z0-9+.-]*:\/\/)/i;

/** Marks of templates: ${NAME}, $(NAME), {{name}}, <%= name %>. */
const TEMPLATE = /\$\{[^}]*\}|\$\([\w.-]+\)|\{\{[^}]*\}\}|<%/;
/** Variables of shells that are the whole of a string, or of a host. */
const VARIABLE = /^(?:\$\w+|%\w+%)$|@\$\w+(?=[:/?,]|$)(?!.*@)/;

const NOTHING = /^(?:undefined|null|none|nil|nan|true|false|\[object \w+\])$/i;
/** A part of a URL, or a value of keyword=value or of a parameter. */
const NOTHING_WITHIN =
  /(?:\/\/|[:@/,])(?:undefined|null)(?=[:@/?,]|$)|=\s*'?(?:undefined|null)'?(?=[\s&]|$)/;

const PLACEHOLDER = /:(?:\[[\w -]*\]|<[\w -]*>|your[-_ ]?password)@/i;

/** What the text is like, and what is to be said of it; the first counts. */
/** @type {readonly (readonly [(text: string) => boolean, string])[]} */
const SENTENCES = [
  [
    (text) => NOTHING.test(text),
    'is a word such as undefined or null, not a connection string: what ' +
      'should hold it was not set',
  ],
  [
    (text) => /^jdbc:/i.test(text),
    'is a URL of JDBC: leave out jdbc:, and put user and password before the @',
  ],
  [
    (text) => ASSIGNMENT.test(text),
    'begins with the name of a variable: give only what stands behind the =',
  ],
  [
    (text) => /^["'`]/.test(text) || (SCHEME.test(text) && /["'`]$/.test(text)),
    'is in quotes, which are part of it here: write it without them',
  ],
  [
    (text) => /^[\u2018-\u201f\u2039\u203a\u00ab\u00bb]/.test(text),
    'is in typographic quotes, as text programs put them: write it without ' +
      'them',
  ],
  [
    (text) =>
      SCHEME.test(text) &&
      /[\u2018-\u201f\u2039\u203a\u00ab\u00bb]$/.test(text),
    'ends in a typographic quote, as text programs put them: write it ' +
      'without it',
  ],
  [
    (text) => TEMPLATE.test(text) || VARIABLE.test(text),
    'holds a variable, as templates and shells write them, that nobody has ' +
      'replaced by its value; if that is in the password, write $ as %24',
  ],
  [
    (text) => SCHEME.test(text) && PLACEHOLDER.test(text),
    'holds a placeholder where the password belongs: put the password there',
  ],
  [
    (text) => NOTHING_WITHIN.test(text),
    'has the word undefined or null as one of its parts: what it was put ' +
      'together from was not set',
  ],
  [
    (text) => /^psql\s/i.test(text),
    'is a command: give only the URL behind psql',
  ],
  [
    (text) =>
      /^(?:postgres(?:ql)?|postgis)\+?\w*:\/\//i.test(text) &&
      !SCHEME.test(text),
    "has a scheme of another library's, as postgresql+driver://: write " +
      'postgresql://',
  ],
  [
    (text) => /[\u200b-\u200f\u202a-\u202e\u2060\ufeff]/.test(text),
    'holds a character that cannot be seen, as copied from a page: type it ' +
      'anew',
  ],
];

/**
 * Says what is wrong with a text that cannot be meant as it stands.
 * @param {string} text trimmed
 * @returns {string | undefined} the rest of a sentence
 */
function recognise(text) {
  return SENTENCES.find(([isThat]) => isThat(text))?.[1];
}

/** Words for the folder of an account, which only shells replace. */
const HOME = /^(?:~|\$HOME\b|\$\{HOME\}|%(?:HOME|USERPROFILE)%)/i;

/**
 * Throws where the name of a file begins with what only a shell replaces.
 * @param {string} value
 * @param {string} name
 * @returns {string} the value
 */
function checkedPath(value, name) {
  const word = HOME.exec(value)?.[0];
  if (word !== undefined) {
    throw new TypeError(
      `${name} begins with ${word}, which only a shell replaces: write the ` +
        'whole path',
    );
  }
  return value;
}

module.exports = { checkedPath, recognise };
