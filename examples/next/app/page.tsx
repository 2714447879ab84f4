// SPDX-License-Identifier: MIT
import { readState } from '@/lib/state';
import { Dashboard } from './dashboard/dashboard';

export const dynamic = 'force-dynamic';

export default async function Page() {
  return <Dashboard first={await readState()} />;
}
