# SPDX-License-Identifier: MIT
{
  'includes': ['native/sources.gypi'],
  'target_defaults': {
    'cflags': ['-fPIC', '-fvisibility=hidden'],
    'include_dirs': ['native/include', 'native'],
  },
  'targets': [
    {
      'target_name': 'engine',
      'type': 'static_library',
      'standalone_static_library': 1,
      'product_prefix': '',
      'sources': ['<@(core_sources)', '<@(net_sources)'],
      'defines': ['_POSIX_C_SOURCE=200809L'],
      'cflags_c': [
        '-std=c11', '-Wall', '-Wextra', '-Wshadow', '-Wconversion',
        '-Wstrict-prototypes', '-Wmissing-prototypes',
        '-Wimplicit-fallthrough', '-Wswitch-enum', '-Wvla',
        '<!@(pkg-config --cflags libpq)',
      ],
    },
    {
      'target_name': 'holdfast',
      'sources': ['<@(binding_sources)'],
      'dependencies': ['engine'],
      # The published package brings the headers along.
      'include_dirs': ['<!(node scripts/build.js --addon-api)'],
      'defines': [
        'NAPI_VERSION=8', 'NODE_ADDON_API_ENABLE_MAYBE',
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
      ],
      'cflags_cc': [
        '-Wall', '-Wextra', '-fvisibility-inlines-hidden', '-fno-exceptions',
      ],
      'libraries': ['<!@(pkg-config --libs libpq)'],
      'ldflags': [
        '-Wl,-Bsymbolic', '-Wl,--exclude-libs,ALL', '-Wl,-z,nodelete',
        '-Wl,-z,now,-z,relro',
      ],
    },
  ],
}
