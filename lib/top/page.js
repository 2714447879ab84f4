// SPDX-License-Identifier: MIT
'use strict';

// The page: text in a module, so that bundlers take it along. The policy lets
// it run its own script and nothing else.

const { createHash } = require('node:crypto');

const { SCRIPT } = require('./page-script.js');
const { STYLE } = require('./page-style.js');

/** @param {string} text */
function hashOf(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast: pools of this process</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
<main>
<header><h1>Holdfast</h1><p id="about">waiting for the first figures</p></header>
<p id="notice" class="notice" role="status" hidden></p>
<div id="pools"></div>
</main>
<script>${SCRIPT}</script>
</html>
`;

module.exports = { PAGE, POLICY };
