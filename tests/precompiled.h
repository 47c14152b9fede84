// The headers that almost every test needs; compiled once.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/precompiled.h"
