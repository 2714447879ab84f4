// SPDX-License-Identifier: MIT
'use client';

// Rendered on the server by the addon's core, in the browser by the other.
import { classify } from 'pg-holdfast';

export default function Page() {
  return <p>{classify({ code: '40001' }).outcome}</p>;
}
