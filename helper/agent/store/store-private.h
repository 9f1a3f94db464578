/* The rows of the table of stores. */
#pragma once
