#include "async/loop.h"

#include <gtest/gtest.h>
