# SPDX-License-Identifier: MIT
# scripts/build.js puts this into the root, which its paths start from, while
# node-gyp runs.
{
  # The folder with libpq and OpenSSL as static libraries, of a release; else
  # the system's libpq is used.
  # hf_lto: the compiler is GCC, which optimizes across files at the link.
  # hf_floor: the folder of scripts/release/glibc.js, for an older glibc.
  'variables': {'hf_static%': '', 'hf_lto%': 0, 'hf_floor%': ''},
  'includes': ['native/sources.gypi'],
  'target_defaults': {
    'conditions': [['OS=="mac"', {'defines': ['_DARWIN_C_SOURCE']}]],
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
      ],
      'conditions': [
        # Fat: a linker that knows nothing of it takes the machine code.
        ['hf_lto==1', {'cflags_c': ['-flto', '-ffat-lto-objects']}],
        ['hf_static==""', {
          'cflags_c': ['<!@(pkg-config --cflags libpq libssl)'],
          # The same where gyp leaves cflags alone.
          'include_dirs': ['<!@(pkg-config --cflags-only-I libpq libssl | sed s/-I//g)'],
        }, {
          'include_dirs': ['<(hf_static)/include'],
          'defines': ['HF_STATIC_LIBPQ'],
        }],
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
      'conditions': [
        ['hf_lto==1', {'ldflags': ['-flto', '-flto-partition=one', '-O3']}],
        ['hf_floor!=""', {
          'libraries': [
            '<(hf_floor)/glibc.o', '<(hf_floor)/libc.so', '<(hf_floor)/libm.so',
          ],
        }],
        ['hf_static==""', {
          # OpenSSL's functions are those of Node, or libpq's where it has none.
          'libraries': ['<!@(pkg-config --libs libpq)'],
        }, {
          'defines': ['HF_STATIC_LIBPQ'],
          'libraries': [
            '<(hf_static)/lib/libpq.a', '<(hf_static)/lib/libpgcommon_shlib.a',
            '<(hf_static)/lib/libpgport_shlib.a',
            '<(hf_static)/lib/libssl.a', '<(hf_static)/lib/libcrypto.a',
            '-lpthread', '-lm',
          ],
          'cflags': ['-ffunction-sections', '-fdata-sections'],
          'ldflags': [
            '-Wl,--gc-sections', '-static-libgcc', '-static-libstdc++',
            '-Wl,--version-script=<(module_root_dir)/native/binding/exports.map',
          ],
        }],
      ],
      'ldflags': [
        '-Wl,-Bsymbolic', '-Wl,--exclude-libs,ALL', '-Wl,-z,nodelete',
        '-Wl,-z,now,-z,relro',
      ],
    },
  ],
}
