// SPDX-License-Identifier: MIT
export default {
  serverExternalPackages: ['pg-holdfast', 'pg-holdfast-linux-x64'],
};
